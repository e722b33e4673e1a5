/// The checks of `[redis]`.
extension ConfigurationValidator {
    mutating func redis() {
        guard let redis = self.configuration.redis else { return }
        let path = SettingPath("redis")
        within(.milliseconds(1)...(.seconds(10)), redis.timeout, path + "timeout")
        within(1...64, redis.connections, path + "connections")
        if redis.cluster, !redis.sentinel.isEmpty {
            report(
                path + "sentinel",
                "a cluster replaces its masters itself, without Sentinels",
                "remove sentinel, or write cluster = false"
            )
        }
        if redis.cluster, redis.url.database != 0 {
            report(path + "url", "a cluster has no database but 0", "write /0 at its end")
        }
        if redis.prefix.utf8.contains(where: { $0 == 0x7B || $0 == 0x7D || $0 <= 0x20 || $0 == 0x7F }) {
            report(
                path + "prefix",
                "\(JSONText.quoted(redis.prefix)) has braces, blanks or control characters",
                "write \"gateway:\""
            )
        }
        if let tls = redis.tls { validate(tls, at: path + "tls") }
    }
}
