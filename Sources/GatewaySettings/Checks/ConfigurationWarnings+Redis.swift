import GatewayHTTP

extension ConfigurationWarnings {
    /// Warns about passwords that everybody on the way can read, and about TLS that verifies nobody.
    func redis() -> [ConfigurationError] {
        guard let redis = self.configuration.redis else { return [] }
        let path = SettingPath("redis")
        var warnings: [ConfigurationError] = []
        if !redis.url.isSecure, !redis.url.password.isEmpty, redis.url.hosts.contains(where: { !$0.isLoopback }) {
            warnings.append(
                warning(
                    .plainText,
                    path + "url",
                    "the password is sent without TLS",
                    "write rediss:// if the server has TLS"
                )
            )
        }
        if let tls = redis.tls {
            if !redis.url.isSecure {
                warnings.append(
                    warning(
                        .noEffect,
                        path + "tls",
                        "tls has no effect with redis://",
                        "remove it, or write rediss:// in url"
                    )
                )
            } else if !tls.verify {
                warnings.append(
                    warning(
                        .redisVerifyOff,
                        path + "tls" + "verify",
                        "the server is not verified, so anyone on the way can read and change what is shared",
                        "write true, and set ca if its certificate comes from a private authority"
                    )
                )
            }
        }
        return warnings
    }
}

extension RedisURL.Host {
    fileprivate var isLoopback: Bool {
        self.name == "localhost" || self.name == "::1" || self.name.hasPrefix("127.")
    }
}
