extension ConfigurationWarnings {
    /// Warns about plans that keys name and nobody describes.
    func apiKey() -> [ConfigurationError] {
        guard let settings = self.configuration.auth.apiKey else { return [] }
        let path = SettingPath("auth", "api_key")
        return settings.keys.enumerated().compactMap { index, key in
            self.configuration.problem(ofPlan: key.plan).map {
                warning(.unknownName, path + "keys" + index + "plan", $0.problem, $0.suggestion)
            }
        }
    }
}

extension GatewayConfiguration {
    /// Says that there is no such plan; nil for a plan that there is, or that has no limits by design.
    package func problem(ofPlan plan: String) -> (problem: String, suggestion: String)? {
        if ["", "anonymous", "authenticated"].contains(plan) || self.plans[plan] != nil { return nil }
        let known = NearestName.of(plan, among: Array(self.plans.keys))
        return (
            "there is no plan \(JSONText.quoted(plan)), so that the limits of \"authenticated\" apply",
            known.map { "write \(JSONText.quoted($0))" } ?? "add [plans.\(SettingPath(plan))], or remove it"
        )
    }
}
