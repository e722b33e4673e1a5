import NIOCore

/// Writes metrics as a page that Prometheus reads.
struct PrometheusText {
    let format: ExpositionFormat

    func write(_ families: [MetricFamily], into page: inout ByteBuffer) {
        for family in families where !family.labels.isEmpty { write(family, into: &page) }
    }

    private func write(_ family: MetricFamily, into page: inout ByteBuffer) {}
}
