/// A group of endpoints.
enum APITag: String, CaseIterable, Sendable {
    case health = "Health"
    case metrics = "Metrics"
    case traffic = "Traffic"
    case access = "Access"
    case cache = "Cache"
    case events = "Events"
    case webhooks = "Webhooks"
    case alerts = "Alerts"
    case configuration = "Configuration"
    case api = "API"

    var description: String {
        switch self {
        case .health: "Whether the gateway and its upstreams work, and the drain."
        case .metrics: "Metrics for Prometheus, and statistics as JSON."
        case .traffic: "Routes, upstreams, requests and WebSockets."
        case .access: "Consumers, and the audit log."
        case .cache: "Stored responses."
        case .events: "Events as they happen."
        case .webhooks: "Receivers of events, and what they got."
        case .alerts: "Rules, their states and their silences."
        case .configuration: "The running configuration, and changes of it."
        case .api: "The API itself."
        }
    }
}
