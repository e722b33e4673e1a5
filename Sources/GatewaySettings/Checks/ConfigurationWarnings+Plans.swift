extension ConfigurationWarnings {
    /// Warns about plans that limit nobody.
    func plans() -> [ConfigurationError] {
        let tables =
            [self.configuration.middleware] + self.configuration.policies.values
            + self.configuration.routes.map(\.middleware)
        guard !self.configuration.plans.isEmpty, !tables.contains(where: Self.limitsByPlan) else { return [] }
        return [
            warning(
                .unused,
                SettingPath("plans"),
                "the plans limit nobody, because no route has rate_limit.limit = \"plan\"",
                "add limit = \"plan\" to [middleware.rate_limit]"
            )
        ]
    }

    private static func limitsByPlan(_ table: MiddlewareTables) -> Bool {
        guard let limit = table.nodes["rate_limit"]?.entries?["limit"]?.content else { return false }
        if case .scalar(.string("plan")) = limit { return true }
        return false
    }
}
