/// `[plans.NAME]`: what a caller may use on routes with `rate_limit.limit = "plan"`, all together. `anonymous` is for requests without a credential, `authenticated` for credentials that name no plan, or one that there is not.
public struct PlanConfiguration: SettingTable, Hashable {
    /// Number of requests per unit of time. All rates of a list apply at once. Absent: any number.
    public var rateLimit: Rates?
    /// How many requests of one caller may be in flight at once. 0: any number.
    public var maxInFlight = 0

    public init() {}
}
