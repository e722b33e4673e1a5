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

    /// The form that an `Accept` field asks for: OpenMetrics where it is named with at least the weight of text, which
    /// everyone else gets, whatever they accept. A weight that is none counts as 0.
    static func preferred(accept: String?) -> ExpositionFormat {
        var text = 0
        var openMetrics = 0
        for range in (accept ?? "").lowercased().split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" } }
            guard let type = parts.first else { continue }
            var weight = 1000
            var version: String?
            for parameter in parts.dropFirst() {
                if parameter.hasPrefix("q=") { weight = MediaRange.weight(parameter.dropFirst(2)) ?? 0 }
                if parameter.hasPrefix("version=") { version = String(parameter.dropFirst(8)) }
            }
            switch type {
            case "application/openmetrics-text" where version == nil || version == "1.0.0":
                openMetrics = max(openMetrics, weight)
            case "text/plain" where version == nil || version == "0.0.4", "text/*", "*/*":
                text = max(text, weight)
            default: continue
            }
        }
        return openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
    }
}
