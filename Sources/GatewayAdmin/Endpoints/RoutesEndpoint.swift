import GatewayCore
import GatewaySettings

/// `/routes`: which requests each route matches, which middlewares process them, and where they go.
struct RoutesEndpoint: AdminEndpoint {
    let path = "/routes"
    let summary = "Routes with their middleware chains."
    let operation = APIOperation(
        "listRoutes",
        .traffic,
        query: .page(of: .routes),
        answers: [.page("routes", of: .route)]
    )

    package func answer(_ call: AdminCall) throws(AdminRefusal) -> Response {
        let configuration = call.status.configuration
        let page = try call.query.page(of: configuration.routes.map(\.name))
        var resolver = call.status.resolver(of: configuration)
        // Conditions may contain a secret from the environment.
        let redacted = configuration.redacted().elements(of: "routes")
        let routes = Array(zip(configuration.routes, redacted))[page].map { route, written in
            Self.json(route, written, resolver.settings(for: route))
        }
        return .admin(["routes": .array(routes), "total": .integer(configuration.routes.count)])
    }

    private static func json(
        _ route: RouteConfiguration,
        _ written: [String: SettingValue],
        _ chain: [EffectiveMiddleware]
    ) -> JSONValue {
        var entry: [String: JSONValue] = [
            "name": .string(route.name),
            "match": [
                "headers": JSONValue(written["match_headers"] ?? [:]),
                "hosts": .array(route.hosts.map { .string($0) }),
                "methods": .array(route.methods.map { .string($0) }),
                "path": .string(route.path),
                "query": JSONValue(written["match_query"] ?? [:]),
            ],
            "policies": .array(route.policies.map { .string($0) }),
            "chain": .array(chain.filter(\.isEnabled).map(Self.json)),
        ]
        if let upstream = route.upstream { entry["upstream"] = JSONValue(upstream.settingValue) }
        if !route.sticky.isEmpty { entry["sticky"] = .string(route.sticky) }
        if route.respond != nil { entry["respond"] = written["respond"].map { JSONValue($0) } }
        if route.redirect != nil { entry["redirect"] = written["redirect"].map { JSONValue($0) } }
        if let line = route.source.position?.line { entry["line"] = .integer(line) }
        return .sorted(entry)
    }

    private static func json(_ middleware: EffectiveMiddleware) -> JSONValue {
        ["name": .string(middleware.name), "settings": middleware.leavesJSON]
    }
}

extension SettingValue {
    /// The tables of the list under `key`.
    fileprivate func elements(of key: String) -> [[String: SettingValue]] {
        guard case .table(let entries) = self, case .list(let elements)? = entries[key] else { return [] }
        return elements.map { if case .table(let table) = $0 { table } else { [:] } }
    }
}

extension APISchema {
    fileprivate static let route = Self.object(
        [
            "name": .text("", "users"),
            "match": .object([
                "headers": .object(others: .any(""), "The conditions on header fields."),
                "hosts": .list(of: .text("", "www.example.com")),
                "methods": .list(of: .text("", "GET")),
                "path": .text("", "/users/{id}"),
                "query": .object(others: .any(""), "The conditions on the query."),
            ]),
            "policies": .list(of: .text("The name of a policy.", "public")),
            "chain": .list(
                of: .object([
                    "name": .text("", "timeout"),
                    "settings": .map(
                        of: .object([
                            "source": .text("Where the value is from.", "line 12"), "value": .any("", "30s"),
                        ]),
                        "By key.",
                        "total"
                    ),
                ]),
                "The middlewares that process a request, in order."
            ),
        ],
        optional: [
            "upstream": .any("The upstream, or several with their shares.", "api"),
            "sticky": .text("The cookie that keeps a client at one upstream.", "canary"),
            "respond": .object(others: .any(""), "The response of the route itself."),
            "redirect": .object(others: .any(""), "Where the route redirects to."),
            "line": .integer("The line of the entry in the configuration file.", 12, from: 1),
        ]
    ).named("Route")
}
