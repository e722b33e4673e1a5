import GatewaySettings

/// The settings that only take effect when the process starts. A reload keeps their values.
enum RestartSettings {
    /// Puts the running values back into a new configuration.
    ///
    /// - Returns: A warning for each setting that the new configuration changes.
    static func keep(in configuration: inout GatewayConfiguration, of running: GatewayConfiguration)
        -> [ConfigurationError]
    {
        var warnings: [ConfigurationError] = []
        func keep<Value: Equatable>(
            _ table: String,
            _ key: String,
            _ setting: WritableKeyPath<GatewayConfiguration, Value>
        ) {
            guard configuration[keyPath: setting] != running[keyPath: setting] else { return }
            let path = SettingPath(table) + key
            warnings.append(
                ConfigurationError(
                    "changes only with a restart; the running value stays in use",
                    suggestion: "restart the gateway to apply it",
                    key: path.description,
                    at: configuration.document.position(of: path)
                )
            )
            configuration[keyPath: setting] = running[keyPath: setting]
        }
        keep("server", "workers", \.server.workers)
        keep("events", "store", \.events.store)
        keep("metrics", "buckets", \.metrics.buckets)
        keep("metrics", "series_limit", \.metrics.seriesLimit)
        return warnings
    }
}
