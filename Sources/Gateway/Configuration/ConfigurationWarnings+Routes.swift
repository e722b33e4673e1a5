extension ConfigurationWarnings {
    /// One host and one method that a route takes, with the rest of its conditions, all as they are compared.
    private struct Match: Hashable {
        let host: HostPattern
        /// Empty: any.
        let method: String
        let path: String
        let headers: [String: String]
        let query: [String: String]
    }

    /// Routes that something of the same rank, or earlier, always comes before.
    func routes() -> [ConfigurationError] {
        if configuration.routes.isEmpty {
            return [
                warning(
                    SettingPath("routes"),
                    "there are no routes, so every request is answered 404",
                    "write [[routes]]"
                )
            ]
        }
        let exposed = configuration.admin.expose.flatMap(AdminEndpoint.paths(exposedAs:)).compactMap {
            try? RoutePattern($0)
        }
        var warnings: [ConfigurationError] = []
        var first: [Match: String] = [:]
        for (index, route) in configuration.routes.enumerated() {
            guard let pattern = try? RoutePattern(route.path) else { continue }
            let path = SettingPath("routes") + index
            let matches = Self.matches(of: route, pattern)
            let earlier = matches.compactMap { first[$0] }
            if earlier.count == matches.count, let name = earlier.first {
                warnings.append(
                    warning(
                        path,
                        "the route can never match, since route \(JSONText.quoted(name)) matches the same and stands earlier",
                        "take one of them out, or tell them apart by hosts, methods, headers or query"
                    )
                )
            } else if exposed.contains(where: { Self.covers($0, pattern) }), let loss = Self.loss(of: route) {
                warnings.append(
                    warning(
                        path,
                        "\(loss), since admin.expose serves its path",
                        "write another path, or take the endpoint out of admin.expose"
                    )
                )
            }
            for match in matches where first[match] == nil { first[match] = route.name }
        }
        return warnings
    }

    private static func matches(of route: RouteConfiguration, _ pattern: RoutePattern) -> [Match] {
        let segments = pattern.segments.map { segment in
            switch segment {
            case .literal(let bytes): String(decoding: bytes, as: UTF8.self)
            case .parameter: "{}"
            }
        }
        let path = (segments + (pattern.takesRest ? ["*"] : [])).joined(separator: "/")
        let headers = Dictionary(route.matchHeaders.map { ($0.key.lowercased(), $0.value) }) { first, _ in first }
        let hosts = route.hosts.isEmpty ? [HostPattern.any] : route.hosts.compactMap { try? HostPattern($0) }
        let methods = route.methods.isEmpty ? [""] : route.methods
        return hosts.flatMap { host in
            methods.map { Match(host: host, method: $0, path: path, headers: headers, query: route.matchQuery) }
        }
    }

    /// Whether every path of the route is one of the endpoint's.
    private static func covers(_ endpoint: RoutePattern, _ route: RoutePattern) -> Bool {
        guard !route.takesRest, endpoint.segments.count == route.segments.count else { return false }
        return zip(endpoint.segments, route.segments).allSatisfy { wanted, segment in
            if case .parameter = wanted { segment != .literal([]) } else { wanted == segment }
        }
    }

    /// What never reaches a route at an exposed path: endpoints are asked first, and take GET and HEAD.
    private static func loss(of route: RouteConfiguration) -> String? {
        let isAll = route.methods.allSatisfy { $0 == "GET" || $0 == "HEAD" }
        if route.methods.isEmpty { return "GET and HEAD never reach the route" }
        if isAll { return "the route can never match" }
        return route.methods.contains("GET") || route.methods.contains("HEAD")
            ? "GET and HEAD never reach the route" : nil
    }
}
