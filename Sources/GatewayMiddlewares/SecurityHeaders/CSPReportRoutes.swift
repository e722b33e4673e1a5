package import GatewayCore
package import GatewaySettings

/// The routes that receive browser reports: one per `csp.report_path`, on the hosts of the routes that set it. Their
/// paths are literal, so they take precedence over catch-all routes.
package struct CSPReportRoutes {
    private struct Key: Hashable {
        let hosts: [String]
        let path: String
    }

    private var seen: Set<Key> = []
    private(set) var matches: [RouteMatch] = []

    /// Adds the paths that a route's settings ask for.
    package mutating func add(hosts: [String], _ settings: [EffectiveMiddleware]) {
        guard let middleware = settings.first(where: { $0.name == SecurityHeadersMiddleware.name }),
            middleware.isEnabled, let path = middleware.text("report_path"), Self.isPath(path),
            middleware.text("policy") != "" || middleware.text("report_only") != "",
            self.seen.insert(Key(hosts: hosts, path: path)).inserted
        else { return }
        self.matches.append(RouteMatch(hosts: hosts, path: path))
    }

    /// The report routes of a configuration.
    package static func all(in configuration: GatewayConfiguration, _ resolver: inout MiddlewareResolver)
        -> [RouteMatch]
    {
        var routes = Self()
        for route in configuration.routes { routes.add(hosts: route.hosts, resolver.settings(for: route)) }
        return routes.matches
    }

    /// Whether the path can be used in a policy, a field and a route: normalized and without placeholders.
    static func isPath(_ path: String) -> Bool {
        guard path.hasPrefix("/"), path.utf8.count > 1, path.utf8.count <= 256 else { return false }
        let isPlain = path.utf8.allSatisfy { byte in
            byte.isASCIILetter || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "/-._~".utf8.contains(byte)
        }
        return isPlain
            && path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }
}

extension EffectiveMiddleware {
    /// A string setting in `csp`.
    fileprivate func text(_ key: String) -> String? {
        guard case .string(let text)? = self.settings.node(at: SettingPath("csp", key))?.value else { return nil }
        return text
    }
}
