import GatewaySettings

extension GatewayConfiguration {
    /// Returns the error for a file in a table of TLS settings that cannot be used.
    ///
    /// - Parameters:
    ///   - key: The key that names the file.
    ///   - tls: The table, and its path.
    func error(
        forFile key: String,
        of tls: UpstreamTLSConfiguration?,
        at table: SettingPath,
        because problem: String
    ) -> ConfigurationError {
        let path = table + key
        let file = key == "key" ? tls?.key : key == "certificate" ? tls?.certificate : tls?.ca
        return ConfigurationError(
            "\(SettingValue.string(file ?? "").quoted) cannot be used: \(problem)",
            suggestion: "name a PEM file that the gateway can read",
            key: path.description,
            at: self.document.position(of: path)
        )
    }
}
