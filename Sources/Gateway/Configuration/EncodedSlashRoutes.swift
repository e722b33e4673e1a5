import GatewayCore
import GatewayHTTP
import GatewaySettings

/// Finds routes that never match because of an encoded slash in their path: the gateway rejects a path that would lead to
/// another route once its slashes are decoded.
struct EncodedSlashRoutes {
    let configuration: GatewayConfiguration

    func warnings() -> [ConfigurationError] {
        let slashed = self.configuration.routes.indices.filter { index in
            let path = self.configuration.routes[index].path.uppercased()
            return path.contains("%2F") || path.contains("%5C")
        }
        guard !slashed.isEmpty else { return [] }
        let matches = self.configuration.routes.enumerated().map { (match: RouteMatch($1), plan: $0) }
        guard let router = try? Router(routes: matches) else { return [] }
        let warnings = slashed.compactMap { index in self.other(than: index, in: router).map { self.warning(index, $0) }
        }
        return self.configuration.document.redacted(warnings.map { $0.naming(self.configuration.routes) })
    }

    /// Returns the route that the route's requests lead to once their slashes are decoded; nil if there is none.
    private func other(than index: Int, in router: Router<Int>) -> Int? {
        guard let sample = RouteSample(self.configuration.routes[index]), sample.route(in: router) == index else {
            return nil
        }
        return sample.readings.lazy.compactMap { sample.route(in: router, at: $0) }.first { $0 != index }
    }

    private func warning(_ index: Int, _ other: Int) -> ConfigurationError {
        let names = [index, other].map { JSONText.quoted(self.configuration.routes[$0].name) }
        let path = SettingPath("routes") + index + "path"
        return ConfigurationError(
            "route \(names[0]) never matches: with its encoded slash decoded, the path leads to route \(names[1]), so "
                + "requests get 400",
            suggestion: "write \"/\" for the encoded slash, or {name} for the segment",
            key: path.description,
            at: self.configuration.document.position(of: path)
        ).found(by: .routeUnreachable)
    }
}
