/// The forms of a metrics page.
enum ExpositionFormat: Sendable, Hashable {
    /// Prometheus text 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openMetrics

    var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}
