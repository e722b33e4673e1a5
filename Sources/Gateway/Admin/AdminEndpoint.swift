import GatewayHTTP
import GatewayHTTP1

/// What the admin API answers, and where.
enum AdminEndpoint: CaseIterable, Sendable {
    case index, live, ready, health, detailedHealth
    case metrics, performance, routePerformance, system, counters, resetStatistics
    case routes, upstreams, configuration

    /// The first is the endpoint's name, the others are aliases. `{name}` is one segment, whatever it is.
    var paths: [String] {
        switch self {
        case .index: ["/"]
        case .live: ["/health/live", "/health/liveness"]
        case .ready: ["/health/ready", "/health/readiness"]
        case .health: ["/health"]
        case .detailedHealth: ["/health/detailed"]
        case .metrics: ["/metrics"]
        case .performance: ["/metrics/performance"]
        case .routePerformance: ["/metrics/performance/{route}"]
        case .system: ["/metrics/system"]
        case .counters: ["/metrics/counters"]
        case .resetStatistics: ["/metrics/reset"]
        case .routes: ["/routes"]
        case .upstreams: ["/upstreams"]
        case .configuration: ["/config"]
        }
    }

    /// One line for people.
    var summary: String {
        switch self {
        case .index: "This list."
        case .live: "Liveness: 200, or 503 when an event loop has stalled for a second."
        case .ready: "Readiness: 200, or 503 with the reasons."
        case .health: "Health of the gateway and its upstreams."
        case .detailedHealth: "Health of every target, and the resources the process uses."
        case .metrics: "Metrics for Prometheus."
        case .performance: "Rates and latencies of all routes over the last 1, 5 and 15 minutes."
        case .routePerformance: "Rates and latencies of one route."
        case .system: "CPU, memory, open files and event loops of the process."
        case .counters: "All counters as JSON."
        case .resetStatistics: "Resets the JSON statistics. Prometheus counters are not affected."
        case .routes: "Routes with their middleware chains."
        case .upstreams: "Upstreams with their targets."
        case .configuration: "The configuration with all defaults, secrets redacted."
        }
    }

    /// `HEAD` is answered wherever `GET` is.
    var method: Method {
        switch self {
        case .resetStatistics: .post
        case .index, .live, .ready, .health, .detailedHealth, .metrics, .performance, .routePerformance, .system,
            .counters,
            .routes, .upstreams, .configuration:
            .get
        }
    }

    /// Open to everybody: what asks for these can rarely send a token, and they say nothing that is worth one.
    var isOpen: Bool { self == .live || self == .ready }

    /// Changes something: never exposed, and nothing for other sites' pages.
    var isWrite: Bool { self.method != .get }

    private var allowedMethods: String { self.method == .get ? "GET, HEAD" : "\(self.method.name)" }

    // MARK: Finding one

    /// What a request's method and path stand for.
    enum Match: Equatable {
        /// With the values of the path's `{name}`s.
        case endpoint(AdminEndpoint, parameters: [String])
        /// There is something at the path, for the methods in `allow`.
        case otherMethod(AdminEndpoint, allow: String)
        case none
    }

    static func match(_ method: Method, _ path: String) -> Match {
        var others: [AdminEndpoint] = []
        for endpoint in Self.allCases {
            guard let parameters = endpoint.parameters(of: path) else { continue }
            if endpoint.method == method || endpoint.method == .get && method == .head {
                return .endpoint(endpoint, parameters: parameters)
            }
            others.append(endpoint)
        }
        guard let first = others.first else { return .none }
        return .otherMethod(first, allow: others.map(\.allowedMethods).joined(separator: ", "))
    }

    private func parameters(of path: String) -> [String]? {
        for template in self.paths {
            if let parameters = Self.parameters(of: path, under: template) { return parameters }
        }
        return nil
    }

    /// The values of a template's `{name}`s, unescaped; nil for a path that is not under it.
    static func parameters(of path: String, under template: String) -> [String]? {
        let wanted = template.split(separator: "/", omittingEmptySubsequences: false)
        let given = path.split(separator: "/", omittingEmptySubsequences: false)
        guard wanted.count == given.count else { return nil }
        var parameters: [String] = []
        for (want, segment) in zip(wanted, given) {
            if want.hasPrefix("{") {
                if segment.isEmpty { return nil }
                parameters.append(unescapedPathText(segment))
            } else if want != segment {
                return nil
            }
        }
        return parameters
    }

    /// Every path that an entry of `admin.expose` stands for: an endpoint and those below it. `/` is the list alone.
    static func paths(exposedAs entry: String) -> [String] {
        let below = entry.count > 1 ? entry + "/" : nil
        return Self.allCases.filter { !$0.isWrite }.flatMap(\.paths).filter { path in
            path == entry || below.map(path.hasPrefix) ?? false
        }
    }
}
