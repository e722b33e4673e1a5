import GatewayCore
import GatewaySettings

extension GatewayConfiguration {
    /// Returns the errors for the files in `[upstreams.NAME.tls]` that cannot be used.
    func errors(for failures: [UpstreamSecurities.Failure]) -> [ConfigurationError] {
        let errors = failures.map { failure in
            let table = SettingPath("upstreams") + failure.upstream + "tls"
            let tls = self.upstreams[failure.upstream]?.tls
            return self.error(forFile: failure.key, of: tls, at: table, because: failure.problem)
        }
        return self.document.redacted(errors)
    }

    /// - Throws: ``ConfigurationErrors`` if there are failures.
    func require(_ failures: [UpstreamSecurities.Failure]) throws(ConfigurationErrors) {
        guard failures.isEmpty else { throw ConfigurationErrors(self.errors(for: failures)) }
    }
}
