import GatewayHTTP
package import NIOCore

/// The formats of the metrics page.
package enum ExpositionFormat: Sendable, Hashable {
    /// Prometheus text 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openMetrics
    /// Protocol Buffers, the only format with native histograms.
    case protobuf

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case .protobuf:
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
        }
    }

    /// Whether histograms need their native buckets.
    package var isNative: Bool { self == .protobuf }

    /// The format for an `Accept` field: the one with the highest weight, otherwise text, whatever the client accepts. Of
    /// formats with the same weight the richest.
    package static func preferred(accept: String?) -> ExpositionFormat {
        var weights: [ExpositionFormat: Int] = [:]
        for range in AcceptedRange.list(accept) {
            if let format = Self.format(of: range) { weights[format] = max(weights[format] ?? 0, range.weight) }
        }
        var best = ExpositionFormat.text
        for format in [ExpositionFormat.openMetrics, .protobuf] {
            if let weight = weights[format], weight > 0, weight >= weights[best] ?? 0 { best = format }
        }
        return best
    }

    private static func format(of range: AcceptedRange) -> ExpositionFormat? {
        func has(_ parameter: String, _ value: String) -> Bool { range.parameters[parameter] ?? value == value }
        switch range.name {
        // Parameters are in lower case.
        case "application/vnd.google.protobuf"
        where has("proto", "io.prometheus.client.metricfamily") && has("encoding", "delimited"):
            return .protobuf
        case "application/openmetrics-text" where has("version", "1.0.0"): return .openMetrics
        case "text/plain" where has("version", "0.0.4"): return .text
        case "text/*", "*/*": return .text
        default: return nil
        }
    }

    /// Writes the families that have series.
    ///
    /// - Parameter epoch: The time at which deadlines count from 0, in nanoseconds since 1970.
    package func write(
        _ families: [MetricFamily],
        epoch: Int64 = 0,
        selection: MetricSelection = MetricSelection(),
        into page: inout ByteBuffer
    ) {
        switch self {
        case .text, .openMetrics:
            PrometheusText(isOpenMetrics: self == .openMetrics, epoch: epoch, selection: selection)
                .write(families, into: &page)
        case .protobuf:
            var writer = PrometheusProtobuf(epoch: epoch, selection: selection)
            writer.write(families, into: &page)
        }
    }
}
