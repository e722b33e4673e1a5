import GatewayCore
import GatewaySettings

extension GatewayConfiguration {
    /// Returns the errors for the files in `[upstreams.NAME.tls]` that cannot be used.
    func errors(for failures: [UpstreamSecurities.Failure]) -> [ConfigurationError] {
        let errors = failures.map { failure in
            let path = SettingPath("upstreams") + failure.upstream + "tls" + failure.key
            let tls = self.upstreams[failure.upstream]?.tls
            let file = [tls?.ca, tls?.certificate, tls?.key][["ca", "certificate"].firstIndex(of: failure.key) ?? 2]
            return ConfigurationError(
                "\(SettingValue.string(file ?? "").quoted) cannot be used: \(failure.problem)",
                suggestion: "name a PEM file that the gateway can read",
                key: path.description,
                at: self.document.position(of: path)
            )
        }
        return self.document.redacted(errors)
    }

    /// - Throws: ``ConfigurationErrors`` if there are failures.
    func require(_ failures: [UpstreamSecurities.Failure]) throws(ConfigurationErrors) {
        guard failures.isEmpty else { throw ConfigurationErrors(self.errors(for: failures)) }
    }
}
