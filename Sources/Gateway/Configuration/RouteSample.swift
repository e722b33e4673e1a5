import GatewayCore
import GatewayHTTP
import GatewaySettings

/// A sample request that matches a route.
struct RouteSample: CustomStringConvertible {
    /// A request that fails exactly one condition of the route.
    struct Variant {
        let sample: RouteSample
        /// The failed condition, worded to follow "requests".
        let condition: String
        /// The key of the failed condition.
        let key: String
        /// What to change about the route.
        let remedy: String
        /// Whether the request has another host or path than those of the route.
        let isElsewhere: Bool

        init(sample: RouteSample, condition: String, key: String, elsewhere remedy: String? = nil) {
            self.sample = sample
            self.condition = condition
            self.key = key
            self.remedy = remedy ?? "remove \(key) from route \(JSONText.quoted(sample.route.name))"
            self.isElsewhere = remedy != nil
        }
    }

    private static let methods = ["POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]

    private let route: RouteConfiguration
    private var method: String
    private var host: String?
    private(set) var path: String
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

    /// Returns the request with another host or path.
    ///
    /// - Parameter host: The host; nil for one that no route names.
    func moved(toHost host: String?) -> RouteSample {
        var sample = self
        sample.host = host
        return sample
    }

    func moved(toPath path: String) -> RouteSample {
        var sample = self
        sample.path = path
        return sample
    }

    private func isTaken(_ method: String) -> Bool {
        Array(method.utf8).withUnsafeBytes { MethodSet(self.route.methods).verdict(on: .init($0)) } != .refuses
    }

    /// Returns the route that the request matches.
    func route(in router: Router<Int>) -> Int? { self.route(in: router, at: nil) }

    /// Returns the route that the request would match at another path.
    ///
    /// - Parameter path: The normalized path; nil for the sample's own path.
    func route(in router: Router<Int>, at path: [UInt8]?) -> Int? {
        guard let request = self.request, let path = path ?? (try? request.normalizedPath()) else { return nil }
        var captures = PathCaptures()
        if case .found(_, let route) = request.withView(path: path, { router.route($0, captures: &captures) }) {
            return route
        }
        return nil
    }

    /// The paths that a server may see if it decodes encoded slashes.
    var readings: [[UInt8]] {
        guard let path = try? self.request?.normalizedPath() else { return [] }
        return (path.withUnsafeBytes(EncodedSlashes.readings(of:)) ?? []).sorted { $0.lexicographicallyPrecedes($1) }
    }

    private var request: ExplainedRequest? {
        let query = self.query.map { "\(Self.escaped($0.key))=\(Self.escaped($0.value))" }.joined(separator: "&")
        let fields =
            self.headers.map { (name: $0.key, value: $0.value) } + [(name: "Host", value: self.host ?? "localhost")]
        return try? ExplainedRequest(method: self.method, url: "\(self.path)?\(query)", fields: fields)
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
