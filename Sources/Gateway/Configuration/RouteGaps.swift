import GatewayCore
import GatewayHTTP
import GatewaySettings

/// Finds routes whose access rules or limits a request can bypass with another method, or by omitting a header or
/// parameter.
struct RouteGaps {
    let configuration: GatewayConfiguration
    let middlewares: [MiddlewareDescription]
    /// Whether to try other hosts and paths too, by which a request may reach the same resource of the upstream.
    var triesElsewhere = false

    /// The middlewares that protect a route.
    private static let protections: Set<String> = ["ip", "auth", "rate_limit", "limits", "concurrency"]

    /// Returns one warning for each pair of a route and another route that its requests fall through to.
    func warnings() -> [ConfigurationError] {
        let warnings = self.gaps().map { $0.naming(self.configuration.routes) }
        return self.configuration.document.redacted(ConfigurationErrors(warnings).errors)
    }

    private func gaps() -> [ConfigurationError] {
        let matches = self.configuration.routes.enumerated().map { (match: RouteMatch($1), plan: $0) }
        guard let router = try? Router(routes: matches) else { return [] }
        var resolver = MiddlewareResolver(
            self.configuration,
            middlewares: self.middlewares.filter { Self.protections.contains($0.name) }
        )
        let protections = self.configuration.routes.map { route in
            resolver.settings(for: route).filter(\.isEnabled).map(\.name)
        }
        let detours = RouteDetours(self.configuration)
        return self.configuration.routes.indices.flatMap { index -> [ConfigurationError] in
            guard !protections[index].isEmpty, let sample = RouteSample(self.configuration.routes[index]),
                sample.route(in: router) == index
            else { return [] }
            var others: Set<Int> = []
            let route = self.configuration.routes[index]
            let elsewhere = self.triesElsewhere ? detours.variants(of: sample, route) : []
            return (sample.variants + elsewhere).compactMap { variant in
                guard let other = variant.sample.route(in: router), other != index else { return nil }
                if variant.isElsewhere, !self.isSameUpstream(other, index) { return nil }
                let missing = protections[index].filter { !protections[other].contains($0) }
                let isMeant = variant.key == "methods" && self.isSibling(other, of: index)
                guard !missing.isEmpty, !isMeant, others.insert(other).inserted else { return nil }
                return self.warning(for: index, fallingTo: other, variant, missing)
            }
        }
    }

    private func isSameUpstream(_ one: Int, _ other: Int) -> Bool {
        let names = [one, other].map { Set(self.configuration.routes[$0].upstream?.names ?? []) }
        return !names[0].isDisjoint(with: names[1])
    }

    /// Whether the other route handles other methods of the same hosts and path. Its missing protections are assumed to
    /// be intentional.
    private func isSibling(_ other: Int, of index: Int) -> Bool {
        /// Parameter names are irrelevant.
        func shape(_ path: String) -> [[UInt8]]? {
            guard let pattern = try? RoutePattern(path) else { return nil }
            let segments: [[UInt8]] = pattern.segments.map { segment in
                if case .literal(let bytes) = segment { bytes } else { Array("{}".utf8) }
            }
            return segments + (pattern.takesRest ? [Array("*".utf8)] : [])
        }
        let (route, other) = (self.configuration.routes[index], self.configuration.routes[other])
        return !other.methods.isEmpty && Set(other.hosts) == Set(route.hosts) && shape(route.path) == shape(other.path)
    }

    private func warning(
        for index: Int,
        fallingTo other: Int,
        _ variant: RouteSample.Variant,
        _ missing: [String]
    ) -> ConfigurationError {
        let names = [index, other].map { JSONText.quoted(self.configuration.routes[$0].name) }
        let list =
            missing.count == 1
            ? missing[0] : missing.dropLast().joined(separator: ", ") + " and " + (missing.last ?? "")
        let path = SettingPath("routes") + index
        return ConfigurationError(
            "route \(names[0]) has \(list), but requests \(variant.condition) fall through to route \(names[1]) "
                + "without \(missing.count == 1 ? "it" : "them"), for example \(variant.sample)",
            suggestion: "add \(list) to route \(names[1]), or \(variant.remedy)",
            key: path.description,
            at: self.configuration.document.position(of: path)
        ).found(by: .ruleBypassed)
    }
}
