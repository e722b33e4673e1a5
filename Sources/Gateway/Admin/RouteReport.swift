/// `/routes`: which requests each route matches, what happens to them, and where they go.
enum RouteReport {
    /// - Throws: 422 for a part of the list that does not exist.
    static func json(_ status: GatewayStatus, _ query: AdminQuery) throws(AdminRefusal) -> SettingValue {
        let configuration = status.configuration
        let page = try query.page(of: configuration.routes.map(\.name))
        var resolver = status.resolver(of: configuration)
        // Conditions may hold a secret from the environment.
        let redacted = configuration.redacted().elements(of: "routes")
        let routes = zip(configuration.routes, redacted)
        let list = Array(routes)[page].map { route, written in
            Self.json(route, written, resolver.settings(for: route))
        }
        return ["routes": .list(list), "total": .integer(configuration.routes.count)]
    }

    private static func json(
        _ route: RouteConfiguration,
        _ written: [String: SettingValue],
        _ chain: [EffectiveMiddleware]
    ) -> SettingValue {
        var entry: [String: SettingValue] = [
            "name": .string(route.name),
            "match": [
                "hosts": .list(route.hosts.map { .string($0) }),
                "path": .string(route.path),
                "methods": .list(route.methods.map { .string($0) }),
                "headers": written["match_headers"] ?? [:],
                "query": written["match_query"] ?? [:],
            ],
            "policies": .list(route.policies.map { .string($0) }),
            "chain": .list(chain.filter(\.isEnabled).map(Self.json)),
        ]
        if let upstream = route.upstream { entry["upstream"] = .string(upstream) }
        if route.respond != nil { entry["respond"] = written["respond"] }
        if route.redirect != nil { entry["redirect"] = written["redirect"] }
        if let line = route.source.position?.line { entry["line"] = .integer(line) }
        return .table(entry)
    }

    private static func json(_ middleware: EffectiveMiddleware) -> SettingValue {
        let settings = middleware.leaves.map { leaf in
            (leaf.key, SettingValue.table(["value": leaf.value, "source": .string("\(leaf.source)")]))
        }
        return [
            "name": .string(middleware.name),
            "settings": .table(Dictionary(settings) { first, _ in first }),
        ]
    }
}

extension SettingValue {
    /// The tables of a list under a key.
    fileprivate func elements(of key: String) -> [[String: SettingValue]] {
        guard case .table(let entries) = self, case .list(let elements)? = entries[key] else { return [] }
        return elements.map { if case .table(let table) = $0 { table } else { [:] } }
    }
}
