import GatewayHTTP

/// Finds settings that are valid but inadvisable.
struct ConfigurationWarnings {
    let configuration: GatewayConfiguration
    let vocabulary: ConfigurationVocabulary
    /// The errors found so far. Warnings that follow from them are suppressed.
    let diagnostics: ConfigurationDiagnostics

    func all() -> [ConfigurationError] {
        var warnings =
            secrets() + access() + tls() + routes() + sticky() + healthChecks() + upstreamTLS() + audit() + redis()
        warnings += apiKey()
        warnings += basic()
        warnings += jwt()
        warnings += plans()
        warnings += webhooks()
        warnings += alerts()
        if diagnostics.errors.isEmpty { warnings += timeouts() + unused() }
        return ConfigurationErrors(warnings.map { $0.naming(configuration.routes) }).errors
    }

    func warning(
        _ rule: LintRule,
        _ path: SettingPath,
        _ problem: String,
        _ suggestion: String
    ) -> ConfigurationError {
        ConfigurationError(
            problem,
            suggestion: suggestion,
            key: diagnostics.written(path).description,
            at: configuration.document.position(of: diagnostics.written(path))
        ).found(by: rule)
    }

    /// Warns about secrets that are written in the file.
    private func secrets() -> [ConfigurationError] {
        var warnings: [ConfigurationError] = []
        func visit(_ node: SettingNode, _ path: SettingPath) {
            switch node.content {
            case .scalar(.string(let text)):
                // Hashed passwords are made to be written down.
                if !text.isEmpty, !node.isFromEnvironment, Redaction.isSecret(path), !Redaction.isHash(path),
                    !Redaction.isHarmless(path)
                {
                    warnings.append(
                        warning(
                            .secretInFile,
                            path,
                            "the secret is in plain text",
                            "write \"${NAME}\" and set that environment variable"
                        )
                    )
                }
            case .scalar: break
            case .list(let elements):
                for (index, element) in elements.enumerated() { visit(element, path + index) }
            case .table(let entries):
                for (key, entry) in entries { visit(entry, path + key) }
            }
        }
        if let root = configuration.document.root { visit(root, SettingPath()) }
        return warnings
    }

    private func access() -> [ConfigurationError] {
        var warnings: [ConfigurationError] = []
        for (index, proxy) in configuration.server.trustedProxies.enumerated() {
            guard case .block(let block) = proxy, block.prefix < (block.address.isIPv6 ? 32 : 8) else { continue }
            warnings.append(
                warning(
                    .trustedProxiesWide,
                    SettingPath("server", "trusted_proxies") + index,
                    "\(block.settingValue.quoted) trusts the forwarded address of "
                        + (block.prefix == 0 ? "every client" : "clients far beyond one network"),
                    "list only your own proxies"
                )
            )
        }
        if configuration.server.proxyProtocol, configuration.server.trustedProxies.isEmpty {
            warnings.append(
                warning(
                    .noEffect,
                    SettingPath("server", "proxy_protocol"),
                    "no header is read, because no proxy is trusted",
                    "list your load balancers in server.trusted_proxies"
                )
            )
        }
        if case .address(let address) = configuration.admin.listen, case .host(let host, _) = address.location,
            configuration.admin.token.isEmpty, host != "localhost", !host.hasPrefix("127."), host != "::1"
        {
            warnings.append(
                warning(
                    .adminWithoutToken,
                    SettingPath("admin", "listen"),
                    "without a token, only clients on this machine get answers",
                    "set admin.token"
                )
            )
        }
        return warnings
    }

    /// Warns about routes that wait for an upstream without a timeout.
    private func timeouts() -> [ConfigurationError] {
        guard vocabulary.middlewares.contains(where: { $0.name == "timeout" }) else { return [] }
        var resolver = MiddlewareResolver(
            configuration,
            middlewares: vocabulary.middlewares.filter { $0.name == "timeout" }
        )
        var places: Set<SettingPath> = []
        return configuration.routes.enumerated().compactMap { index, route in
            guard route.upstream != nil, let timeout = resolver.settings(for: route).first, !timeout.isEnabled
            else { return nil }
            let isOwn = timeout.place() == .route
            let place = timeout.place().path(of: SettingPath("routes") + index) + timeout.name
            guard places.insert(place).inserted else { return nil }
            return warning(
                .noTimeout,
                place,
                "\(isOwn ? "the route has" : "routes have") no timeouts, "
                    + "so an upstream that hangs holds \(isOwn ? "its" : "their") requests forever",
                "replace false by \(isOwn ? "[routes.timeout]" : "[\(place)]") with longer times"
            )
        }
    }

    /// Warns about `sticky` on routes without a split.
    private func sticky() -> [ConfigurationError] {
        configuration.routes.enumerated().compactMap { index, route in
            if route.sticky.isEmpty { return nil }
            if case .split? = route.upstream { return nil }
            return warning(
                .noEffect,
                SettingPath("routes") + index + "sticky",
                "sticky has no effect, because the route does not split its requests",
                "remove it, or write shares such as upstream = { stable = 95, canary = 5 }"
            )
        }
    }

    /// The upstreams that receive copies of requests.
    private var mirrors: [String] {
        let tables = [configuration.middleware] + configuration.policies.values + configuration.routes.map(\.middleware)
        return tables.compactMap { table in
            guard case .scalar(.string(let name))? = table.nodes["mirror"]?.entries?["upstream"]?.content else {
                return nil
            }
            return name
        }
    }

    private func unused() -> [ConfigurationError] {
        let usedUpstreams = Set(configuration.routes.flatMap { $0.upstream?.names ?? [] } + mirrors)
        let usedPolicies = Set(configuration.routes.flatMap(\.policies))
        let upstreams = configuration.upstreams.keys.filter { !usedUpstreams.contains($0) }.map { name in
            warning(
                .unused,
                SettingPath("upstreams") + name,
                "no route uses the upstream",
                "remove it, or add a route that uses it"
            )
        }
        let policies = configuration.policies.keys.filter { !usedPolicies.contains($0) }.map { name in
            warning(
                .unused,
                SettingPath("policies") + name,
                "no route lists the policy",
                "remove it, or list it in a route"
            )
        }
        return upstreams + policies
    }
}

extension ConfigurationError {
    /// Names the route of the key if the message does not, since an index such as `routes[1]` is hard to locate.
    package func naming(_ routes: [RouteConfiguration]) -> ConfigurationError {
        guard self.key.hasPrefix("routes["), let end = self.key.firstIndex(of: "]"),
            let index = Int(digits: self.key[..<end].dropFirst("routes[".count)), routes.indices.contains(index)
        else { return self }
        let name = JSONText.quoted(routes[index].name)
        guard !self.message.contains(name) else { return self }
        var named = self
        let subject = "the route "
        named.message =
            self.message.hasPrefix(subject)
            ? "route \(name) \(self.message.dropFirst(subject.count))" : "route \(name): \(self.message)"
        return named
    }
}
