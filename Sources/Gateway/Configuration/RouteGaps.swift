import GatewayCore
import GatewayHTTP
import GatewaySettings

/// Finds routes whose access rules or limits a request can bypass with another method, or by omitting a header or
/// parameter.
struct RouteGaps {
    let configuration: GatewayConfiguration
    let middlewares: [MiddlewareDescription]

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
        return self.configuration.routes.indices.flatMap { index -> [ConfigurationError] in
            guard !protections[index].isEmpty, let sample = RouteSample(self.configuration.routes[index]),
                sample.route(in: router) == index
            else { return [] }
            var others: Set<Int> = []
            return sample.variants.compactMap { variant in
                guard let other = variant.sample.route(in: router), other != index else { return nil }
                let missing = protections[index].filter { !protections[other].contains($0) }
                let isMeant = variant.key == "methods" && self.isSibling(other, of: index)
                guard !missing.isEmpty, !isMeant, others.insert(other).inserted else { return nil }
                return self.warning(for: index, fallingTo: other, variant, missing)
            }
        }
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
            suggestion: "add \(list) to route \(names[1]), or remove \(variant.key) from route \(names[0])",
            key: path.description,
            at: self.configuration.document.position(of: path)
        )
    }
}

/// A sample request that matches a route.
private struct RouteSample: CustomStringConvertible {
    /// A request that fails exactly one condition of the route.
    struct Variant {
        let sample: RouteSample
        /// The failed condition, worded to follow "requests".
        let condition: String
        /// The key of the failed condition.
        let key: String
    }

    private static let methods = ["POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]

    private let route: RouteConfiguration
    private var method: String
    private let host: String?
    private let path: String
    private var headers: [String: String]
    private var query: [String: String]

    /// Creates a sample for a route; nil if the route's path is invalid.
    init?(_ route: RouteConfiguration) {
        guard let pattern = try? RoutePattern(route.path) else { return nil }
        let segments = pattern.segments.map { segment in
            if case .literal(let bytes) = segment { String(decoding: bytes, as: UTF8.self) } else { "1" }
        }
        self.route = route
        self.path = "/" + (segments + (pattern.takesRest ? ["x"] : [])).joined(separator: "/")
        self.host = route.hosts.first.map { $0.hasPrefix("*.") ? "x" + $0.dropFirst() : $0 }.flatMap {
            $0 == "*" ? nil : $0
        }
        self.method = route.methods.first ?? "GET"
        self.headers = route.matchHeaders.mapValues { $0 == "*" ? "1" : $0 }
        self.query = route.matchQuery.mapValues { $0 == "*" ? "1" : $0 }
    }

    /// The variants of this request that each fail one condition of the route.
    var variants: [Variant] {
        var variants: [Variant] = []
        for method in Self.methods where !self.route.methods.isEmpty && !self.isTaken(method) {
            var sample = self
            sample.method = method
            let named = self.route.methods.joined(separator: ", ")
            variants.append(Variant(sample: sample, condition: "with a method other than \(named)", key: "methods"))
        }
        for name in self.headers.keys.sorted() {
            var sample = self
            sample.headers[name] = nil
            variants.append(Variant(sample: sample, condition: "without the header \(name)", key: "match_headers"))
        }
        for name in self.query.keys.sorted() {
            var sample = self
            sample.query[name] = nil
            variants.append(Variant(sample: sample, condition: "without the parameter \(name)", key: "match_query"))
        }
        return variants
    }

    private func isTaken(_ method: String) -> Bool {
        Array(method.utf8).withUnsafeBytes { MethodSet(self.route.methods).verdict(on: .init($0)) } != .refuses
    }

    func route(in router: Router<Int>) -> Int? {
        let query = self.query.map { "\(Self.escaped($0.key))=\(Self.escaped($0.value))" }.joined(separator: "&")
        let fields =
            self.headers.map { (name: $0.key, value: $0.value) } + [(name: "Host", value: self.host ?? "localhost")]
        guard let request = try? ExplainedRequest(method: self.method, url: "\(self.path)?\(query)", fields: fields),
            let path = try? request.normalizedPath()
        else { return nil }
        var captures = PathCaptures()
        if case .found(_, let route) = request.withView(path: path, { router.route($0, captures: &captures) }) {
            return route
        }
        return nil
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            "%" + String(UnicodeScalar(PercentEncoding.hexDigit(byte >> 4)))
                + String(UnicodeScalar(PercentEncoding.hexDigit(byte & 15)))
        }.joined()
    }

    /// Omits the values of parameters and headers, which may be secret.
    var description: String {
        let query = self.query.isEmpty ? "" : "?" + self.query.keys.sorted().joined(separator: "&")
        return "\(self.method) " + (self.host.map { "http://" + $0 } ?? "") + self.path + query
    }
}
