package import NIOCore

/// Writes metrics in the formats of Prometheus.
package struct PrometheusText {
    private let isOpenMetrics: Bool
    /// The time at which deadlines count from 0, in nanoseconds since 1970; for the times of exemplars.
    private let epoch: Int64
    private let selection: MetricSelection

    package init(isOpenMetrics: Bool, epoch: Int64 = 0, selection: MetricSelection = MetricSelection()) {
        self.isOpenMetrics = isOpenMetrics
        self.epoch = epoch
        self.selection = selection
    }

    /// Writes the families that have series.
    package func write(_ families: [MetricFamily], into page: inout ByteBuffer) {
        let gauges = Set(families.lazy.filter { $0.description.kind != .counter }.map(\.description.name))
        for family in families where !family.labels.isEmpty {
            let head = Head(family.description, isOpenMetrics: isOpenMetrics, taken: gauges)
            let samples = selection.samples(of: family.description, family: head.name)
            guard !samples.isEmpty else { continue }
            var exemplars = isOpenMetrics ? family.exemplars[...] : []
            write(head, of: family.description, into: &page)
            for (series, values) in family.labels.enumerated() {
                let labels = Self.labelPairs(family.description.labels, values)
                if family.description.kind == .histogram {
                    writeHistogram(family, series, labels, samples, &exemplars, into: &page)
                } else {
                    writeName(family.description.name, "", labels, into: &page)
                    writeValue(family.values(at: series).first ?? 0, into: &page)
                }
            }
        }
        if isOpenMetrics { page.writeStaticString("# EOF\n") }
    }

    /// The name and type of a family in its header.
    private struct Head {
        package var name: String
        var type: String

        init(_ description: MetricDescription, isOpenMetrics: Bool, taken: Set<String>) {
            name = description.name
            switch description.kind {
            case .gauge: type = "gauge"
            case .histogram: type = "histogram"
            case .counter:
                type = "counter"
                guard isOpenMetrics else { return }
                // OpenMetrics names the family of a counter without the suffix. If a gauge has that name, two families
                // would share it and the page would be rejected, so the counter keeps its name and is written as
                // untyped.
                let family = MetricSelection.family(of: name)
                if family == name || taken.contains(family) { type = "unknown" } else { name = family }
            }
        }
    }

    private func write(_ head: Head, of description: MetricDescription, into page: inout ByteBuffer) {
        page.writeString("# HELP \(head.name) ")
        Self.escape(description.help, quotes: isOpenMetrics, into: &page)
        page.writeString("\n# TYPE \(head.name) \(head.type)\n")
        if isOpenMetrics, let unit = description.unit, head.name.hasSuffix("_\(unit.rawValue)") {
            page.writeString("# UNIT \(head.name) \(unit.rawValue)\n")
        }
    }

    private func writeHistogram(
        _ family: MetricFamily,
        _ series: Int,
        _ labels: [UInt8],
        _ samples: MetricSelection.Samples,
        _ exemplars: inout ArraySlice<(place: Int, exemplar: Exemplar)>,
        into page: inout ByteBuffer
    ) {
        let name = family.description.name
        let values = family.values(at: series)
        let separator = labels.isEmpty ? "" : ","
        var total = 0.0
        for (offset, count) in values.dropLast().enumerated() {
            total += count
            guard samples.contains(.buckets) else { continue }
            let bound = offset < family.bounds.count ? bucketBound(family.bounds[offset]) : "+Inf"
            writeName(name, "_bucket", labels + Array("\(separator)le=\"\(bound)\"".utf8), into: &page)
            page.writeString(Self.number(total))
            if let next = exemplars.first, next.place == values.startIndex + offset {
                exemplars.removeFirst()
                write(next.exemplar, into: &page)
            }
            page.writeInteger(UInt8(ascii: "\n"))
        }
        if samples.contains(.sum) {
            writeName(name, "_sum", labels, into: &page)
            writeValue(values.last ?? 0, into: &page)
        }
        if samples.contains(.count) {
            writeName(name, "_count", labels, into: &page)
            writeValue(total, into: &page)
        }
    }

    private func write(_ exemplar: Exemplar, into page: inout ByteBuffer) {
        let time = epoch / 1_000_000 + Int64(exemplar.time.uptimeNanoseconds / 1_000_000)
        page.writeString(" # {trace_id=\"\(exemplar.trace.text)\"} \(Self.number(Double(exemplar.nanoseconds) / 1e9))")
        page.writeString(" \(Self.number(Double(time) / 1000))")
    }

    private func writeName(_ name: String, _ suffix: String, _ labels: [UInt8], into page: inout ByteBuffer) {
        page.writeString(name)
        page.writeString(suffix)
        if !labels.isEmpty {
            page.writeInteger(UInt8(ascii: "{"))
            page.writeBytes(labels)
            page.writeInteger(UInt8(ascii: "}"))
        }
        page.writeInteger(UInt8(ascii: " "))
    }

    private func writeValue(_ value: Double, into page: inout ByteBuffer) {
        page.writeString(Self.number(value))
        page.writeInteger(UInt8(ascii: "\n"))
    }

    /// OpenMetrics requires bounds to be floating-point numbers; in the text format, Prometheus' own clients write `1`.
    private func bucketBound(_ bound: Double) -> String {
        isOpenMetrics ? "\(bound)" : Self.number(bound)
    }

    private static func number(_ value: Double) -> String {
        if let integer = Int64(exactly: value), abs(value) < 0x1p53 { return String(integer) }
        if value.isFinite { return value.description }
        return value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf"
    }

    private static func labelPairs(_ names: [String], _ values: [String]) -> [UInt8] {
        var pairs = ByteBuffer()
        for (name, value) in zip(names, values) {
            if pairs.readableBytes > 0 { pairs.writeInteger(UInt8(ascii: ",")) }
            pairs.writeString("\(name)=\"")
            escape(value, quotes: true, into: &pairs)
            pairs.writeInteger(UInt8(ascii: "\""))
        }
        return Array(pairs.readableBytesView)
    }

    private static func escape(_ text: String, quotes: Bool, into page: inout ByteBuffer) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): page.writeStaticString("\\\\")
            case UInt8(ascii: "\n"): page.writeStaticString("\\n")
            case UInt8(ascii: "\"") where quotes: page.writeStaticString("\\\"")
            default: page.writeInteger(byte)
            }
        }
    }
}
