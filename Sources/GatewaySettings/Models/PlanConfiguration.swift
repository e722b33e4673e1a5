/// `[plans.NAME]`: what a caller may use. `anonymous` and `authenticated` are for callers without a plan of their own.
public struct PlanConfiguration: SettingTable, Hashable {
    /// The limit of routes with `rate_limit.limit = "plan"`. Absent: none.
    public var rateLimit: Rates?
    /// How many requests of one caller may be in flight at once. 0: any number.
    public var maxInFlight = 0

    public init() {}
}
