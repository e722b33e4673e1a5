/// What the admin API answers, and where.
enum AdminEndpoint: CaseIterable, Sendable {
    case index, live, ready, health, detailedHealth, metrics, routes, upstreams, configuration

    /// The first is the endpoint's name, the others are aliases.
    var paths: [String] {
        switch self {
        case .index: ["/"]
        case .live: ["/health/live", "/health/liveness"]
        case .ready: ["/health/ready", "/health/readiness"]
        case .health: ["/health"]
        case .detailedHealth: ["/health/detailed"]
        case .metrics: ["/metrics"]
        case .routes: ["/routes"]
        case .upstreams: ["/upstreams"]
        case .configuration: ["/config"]
        }
    }

    /// One line for people.
    var summary: String {
        switch self {
        case .index: "this list"
        case .live: "whether the event loops turn"
        case .ready: "whether requests should be sent here"
        case .health: "the gateway and its upstreams"
        case .detailedHealth: "the same with every target and what the process uses"
        case .metrics: "metrics for Prometheus"
        case .routes: "the routes with their chains"
        case .upstreams: "the upstreams with their targets"
        case .configuration: "the configuration with its defaults, without secrets"
        }
    }

    /// Open to everybody: what asks for these can rarely send a token, and they say nothing that is worth one.
    var isOpen: Bool { self == .live || self == .ready }

    init?(path: String) {
        guard let endpoint = Self.allCases.first(where: { $0.paths.contains(path) }) else { return nil }
        self = endpoint
    }

    /// Every path that an entry of `admin.expose` stands for: an endpoint and those below it. `/` is the list alone.
    static func paths(exposedAs entry: String) -> [String] {
        let below = entry.count > 1 ? entry + "/" : nil
        return Self.allCases.flatMap(\.paths).filter { path in
            path == entry || below.map(path.hasPrefix) ?? false
        }
    }
}
