import GatewayRedis
import GatewaySettings
import GatewayTLS

extension GatewayConfiguration {
    /// Returns the errors for the files in `[redis.tls]` that cannot be used. Reads them, which blocks.
    func redisFileErrors() -> [ConfigurationError] {
        guard let redis = self.redis, redis.url.isSecure, let tls = redis.tls else { return [] }
        let security = RedisSecurity(tls, folder: self.document.folder)
        let errors = security.problems().map { problem in
            let key = security.key(of: problem)
            let path = SettingPath("redis") + "tls" + key
            let file = key == "key" ? tls.key : key == "certificate" ? tls.certificate : tls.ca
            return ConfigurationError(
                "\(SettingValue.string(file).quoted) cannot be used: \(problem.problem)",
                suggestion: "name a PEM file that the gateway can read",
                key: path.description,
                at: self.document.position(of: path)
            )
        }
        return self.document.redacted(errors)
    }
}
