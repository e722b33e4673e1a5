extension ConfigurationWarnings {
    /// Warns about settings of a request in health checks that send none.
    func healthChecks() -> [ConfigurationError] {
        let defaults = HealthCheckConfiguration()
        return configuration.upstreams.sorted { $0.key < $1.key }.flatMap { name, upstream -> [ConfigurationError] in
            guard let health = upstream.health, health.type == .tcp else { return [] }
            let changed = [
                ("path", health.path != defaults.path), ("method", health.method != defaults.method),
                ("host", health.host != defaults.host), ("headers", health.headers != defaults.headers),
                ("expect", health.expect != defaults.expect), ("body", health.body != defaults.body),
            ]
            return changed.filter(\.1).map { key, _ in
                warning(
                    .noEffect,
                    SettingPath("upstreams") + name + "health" + key,
                    "a \"tcp\" health check only connects, so it does not use this",
                    "remove it, or write type = \"http\""
                )
            }
        }
    }
}
