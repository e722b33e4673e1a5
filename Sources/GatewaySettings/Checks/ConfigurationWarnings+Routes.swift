extension ConfigurationWarnings {
    /// A combination of host and method that a route matches, with the route's other conditions, in comparable form.
    private struct Match: Hashable {
        let host: HostPattern
        /// The method. Empty: any.
        let method: String
        let path: String
        let headers: [String: String]
        let query: [String: String]
    }

    /// Warns about routes that requests never reach: another route matches the same requests first, or an endpoint in
    /// `admin.expose` serves the path. Also warns if there are no routes.
    func routes() -> [ConfigurationError] {
        if configuration.routes.isEmpty, !diagnostics.hasFailure(in: SettingPath("routes")) {
            return [
                warning(
                    .noRoutes,
                    SettingPath("routes"),
                    "there are no routes, so every request gets 404",
                    "add [[routes]]"
                )
            ]
        }
        let exposed = configuration.admin.expose.flatMap(vocabulary.paths(exposedAs:)).compactMap {
            try? RoutePattern($0)
        }
        var warnings: [ConfigurationError] = []
        var first: [Match: Int] = [:]
        for (index, route) in configuration.routes.enumerated() {
            let path = SettingPath("routes") + index
            guard let pattern = try? RoutePattern(route.path), isSound(diagnostics.written(path)) else { continue }
            let matches = Self.matches(of: route, pattern)
            let earlier = matches.compactMap { first[$0] }
            if earlier.count == matches.count, let other = earlier.first {
                warnings.append(
                    warning(
                        .routeUnreachable,
                        path,
                        "route \(JSONText.quoted(route.name)) can never match: "
                            + "route \(JSONText.quoted(configuration.routes[other].name))\(line(of: other)) "
                            + "matches the same requests and comes first",
                        "remove it, or give it other hosts, methods, headers or query conditions"
                    )
                )
            } else if exposed.contains(where: { Self.covers($0, pattern) }), let loss = Self.loss(of: route) {
                warnings.append(
                    warning(
                        .routeUnreachable,
                        path,
                        "\(loss), since admin.expose serves its path",
                        "choose another path, or remove the endpoint from admin.expose"
                    )
                )
            }
            for match in matches where first[match] == nil { first[match] = index }
        }
        return warnings
    }

    /// Whether all conditions of the route were read without errors.
    private func isSound(_ route: SettingPath) -> Bool {
        if diagnostics.errors.isEmpty { return true }
        return !["path", "hosts", "methods", "match_headers", "match_query"].contains {
            diagnostics.hasFailure(in: route + $0)
        }
    }

    private func line(of route: Int) -> String {
        configuration.routes[route].source.position.map { " (line \($0.line))" } ?? ""
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

    /// Whether every path of the route belongs to the endpoint.
    private static func covers(_ endpoint: RoutePattern, _ route: RoutePattern) -> Bool {
        guard !route.takesRest, endpoint.segments.count == route.segments.count else { return false }
        return zip(endpoint.segments, route.segments).allSatisfy { wanted, segment in
            if case .parameter = wanted { segment != .literal([]) } else { wanted == segment }
        }
    }

    /// Returns which requests never reach a route at an exposed path. Endpoints take precedence and handle GET and
    /// HEAD.
    private static func loss(of route: RouteConfiguration) -> String? {
        let isAll = route.methods.allSatisfy { $0 == "GET" || $0 == "HEAD" }
        if route.methods.isEmpty { return "GET and HEAD never reach the route" }
        if isAll { return "the route can never match" }
        return route.methods.contains("GET") || route.methods.contains("HEAD")
            ? "GET and HEAD never reach the route" : nil
    }
}
