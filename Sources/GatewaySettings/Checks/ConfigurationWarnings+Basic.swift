import GatewayHTTP

extension ConfigurationWarnings {
    /// Warns about passwords that others can read on the way, and about hashes that are quick to compute.
    func basic() -> [ConfigurationError] {
        guard let basic = self.configuration.auth.basic else { return [] }
        let path = SettingPath("auth", "basic")
        var warnings = basic.users.sorted { $0.key < $1.key }.compactMap { name, user in
            user.password.scheme == .bcrypt && (4..<10).contains(user.password.cost)
                ? warning(
                    .weakHash,
                    path + "users" + name,
                    "bcrypt with a cost of \(user.password.cost) is quick to guess",
                    "run `gateway key password \(name)`, which uses 12"
                ) : nil
        }
        if let address = readableAddress, let route = routesWithPasswords.first {
            warnings.append(
                warning(
                    .basicWithoutTLS,
                    path,
                    "passwords for route \(JSONText.quoted(route.name)) can be read on the way to "
                        + "\(address.settingValue.quoted), which does not use TLS",
                    "add [server.tls], or list the proxy that has TLS in server.trusted_proxies"
                )
            )
        }
        return warnings
    }

    /// An address that other machines reach without TLS, unless a trusted proxy does TLS in front of it.
    private var readableAddress: ListenAddress? {
        let server = self.configuration.server
        guard server.trustedProxies.isEmpty, !server.httpsRedirect else { return nil }
        return server.listen.first { address in
            guard !server.isSecure(address), case .host(let host, _) = address.location else { return false }
            return host != "localhost" && host != "::1" && !host.hasPrefix("127.")
        }
    }

    private var routesWithPasswords: [RouteConfiguration] {
        guard let auth = self.vocabulary.middlewares.first(where: { $0.name == "auth" }) else { return [] }
        var resolver = MiddlewareResolver(self.configuration, middlewares: [auth])
        return self.configuration.routes.filter { route in
            guard let settings = resolver.settings(for: route).first, settings.isEnabled else { return false }
            return settings.leaves.contains { leaf in
                guard leaf.key == "any", case .list(let kinds) = leaf.value else { return false }
                return kinds.contains("basic")
            }
        }
    }
}
