import GatewayHTTP

/// The formats of the metrics page.
package enum ExpositionFormat: Sendable, Hashable {
    /// Prometheus text 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openMetrics

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format for an `Accept` field: OpenMetrics if it is listed with at least the weight of text, otherwise text,
    /// whatever the client accepts.
    package static func preferred(accept: String?) -> ExpositionFormat {
        var text = 0
        var openMetrics = 0
        for range in AcceptedRange.list(accept) {
            let version = range.parameters["version"]
            switch range.name {
            case "application/openmetrics-text" where version == nil || version == "1.0.0":
                openMetrics = max(openMetrics, range.weight)
            case "text/plain" where version == nil || version == "0.0.4", "text/*", "*/*":
                text = max(text, range.weight)
            default: continue
            }
        }
        return openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
    }
}
