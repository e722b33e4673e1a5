import GatewayRedis
import GatewaySettings
import GatewayTLS

extension GatewayConfiguration {
    /// Returns the errors for the files in `[redis.tls]` that cannot be used. Reads them, which blocks.
    func redisFileErrors() -> [ConfigurationError] {
        guard let redis = self.redis, redis.url.isSecure, let tls = redis.tls else { return [] }
        let security = RedisSecurity(tls, folder: self.document.folder)
        let errors = security.problems().map { problem in
            let table = SettingPath("redis") + "tls"
            return self.error(forFile: security.key(of: problem), of: tls, at: table, because: problem.problem)
        }
        return self.document.redacted(errors)
    }
}
