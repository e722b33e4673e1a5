/// The checks of `[plans.NAME]`.
extension ConfigurationValidator {
    /// The largest count that can be counted.
    private static let mostRequests = 1_000_000_000

    mutating func plans() {
        for (name, plan) in self.configuration.plans.sorted(by: { $0.key < $1.key }) {
            let path = SettingPath("plans") + name
            if name.isEmpty { report(name: path, "a plan needs a name", "write [plans.authenticated]") }
            if plan.maxInFlight < 0 {
                report(
                    path + "max_in_flight",
                    "\(plan.maxInFlight) is too small",
                    "write 1 or more, or 0 for any number"
                )
            }
            for rate in plan.rateLimit?.rates ?? [] where rate.count > Self.mostRequests {
                report(
                    path + "rate_limit",
                    "\"\(rate)\" is more than can be counted",
                    "write \"\(Self.mostRequests)/\(rate.unit.rawValue)\" or less"
                )
            }
        }
    }
}
