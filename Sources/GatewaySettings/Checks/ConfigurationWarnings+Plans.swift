extension ConfigurationWarnings {
    /// Warns about plans that limit nobody, and about keys whose plan is not there.
    func plans() -> [ConfigurationError] {
        guard !self.configuration.plans.isEmpty else { return [] }
        var warnings = self.missingPlans()
        if !self.tables.contains(where: Self.limitsByPlan) {
            warnings.append(
                warning(
                    SettingPath("plans"),
                    "the plans limit nobody, because no route has rate_limit.limit = \"plan\"",
                    "add limit = \"plan\" to [middleware.rate_limit]"
                )
            )
        }
        return warnings
    }

    private func missingPlans() -> [ConfigurationError] {
        let keys = self.configuration.auth.apiKey?.keys ?? []
        return keys.enumerated().compactMap { index, key in
            guard !key.plan.isEmpty, self.configuration.plans[key.plan] == nil else { return nil }
            let names = Array(self.configuration.plans.keys)
            let meant = NearestName.of(key.plan, among: names).map { "write \(JSONText.quoted($0))" }
            return warning(
                SettingPath("auth", "api_key", "keys") + index + "plan",
                "there is no plan \(JSONText.quoted(key.plan)), so the key has the plan \"authenticated\"",
                meant ?? "add [plans.\(key.plan)]"
            )
        }
    }

    private var tables: [MiddlewareTables] {
        [self.configuration.middleware] + self.configuration.policies.values
            + self.configuration.routes.map(\.middleware)
    }

    private static func limitsByPlan(_ table: MiddlewareTables) -> Bool {
        guard let limit = table.nodes["rate_limit"]?.entries?["limit"]?.content else { return false }
        if case .scalar(.string("plan")) = limit { return true }
        return false
    }
}
