package import NIOCore

/// Writes metrics as messages of `io.prometheus.client`, each with its length in front. Histograms have both kinds of buckets.
///
/// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
package struct PrometheusProtobuf {
    /// The time at which deadlines count from 0, in nanoseconds since 1970; for the times of exemplars.
    private let epoch: Int64
    private let selection: MetricSelection
    // One message per level, so that their memory is reused.
    private var familyMessage = ProtobufMessage()
    private var metricMessage = ProtobufMessage()
    private var valueMessage = ProtobufMessage()
    private var partMessage = ProtobufMessage()

    package init(epoch: Int64 = 0, selection: MetricSelection = MetricSelection()) {
        self.epoch = epoch
        self.selection = selection
    }

    /// Writes the families that have series. A histogram is one sample here, so any of its samples selects it.
    package mutating func write(_ families: [MetricFamily], into page: inout ByteBuffer) {
        for family in families where !family.labels.isEmpty {
            let description = family.description
            let name = MetricSelection.family(of: description.name)
            if self.selection.samples(of: description, family: name).isEmpty { continue }
            self.write(family)
            self.familyMessage.writeDelimited(into: &page)
        }
    }

    /// `MetricFamily`.
    private mutating func write(_ family: MetricFamily) {
        let description = family.description
        self.familyMessage.clear()
        self.familyMessage.write(1, description.name)
        self.familyMessage.write(2, description.help)
        self.familyMessage.write(3, description.kind.metricType)
        var exemplars = family.exemplars[...]
        for series in family.labels.indices {
            self.metricMessage.clear()
            for (name, value) in zip(description.labels, family.labels[series]) {
                self.write(label: name, value)
                self.metricMessage.write(1, self.partMessage)
            }
            self.valueMessage.clear()
            if description.kind == .histogram {
                self.writeHistogram(family, series, &exemplars)
            } else {
                self.valueMessage.write(1, family.values(at: series).first ?? 0)
            }
            self.metricMessage.write(description.kind.valueField, self.valueMessage)
            self.familyMessage.write(4, self.metricMessage)
        }
        if let unit = description.unit { self.familyMessage.write(5, unit.rawValue) }
    }

    /// `Histogram`.
    private mutating func writeHistogram(
        _ family: MetricFamily,
        _ series: Int,
        _ exemplars: inout ArraySlice<(place: Int, exemplar: Exemplar)>
    ) {
        let values = family.values(at: series)
        let counts = values.dropLast()
        self.valueMessage.write(1, UInt64(counts.reduce(0.0, +)))
        self.valueMessage.write(2, values.last ?? 0)
        var total: UInt64 = 0
        var examples: [ProtobufMessage] = []
        for (place, count) in zip(counts.indices, counts) {
            total += UInt64(count)
            let offset = place - counts.startIndex
            self.partMessage.clear()
            self.partMessage.write(1, total)
            self.partMessage.write(2, offset < family.bounds.count ? family.bounds[offset] : .infinity)
            if let next = exemplars.first, next.place == place {
                exemplars.removeFirst()
                let example = self.message(next.exemplar)
                self.partMessage.write(3, example)
                examples.append(example)
            }
            self.valueMessage.write(3, self.partMessage)
        }
        guard let natives = family.natives else { return }
        self.writeNative(natives, series)
        for example in examples { self.valueMessage.write(16, example) }
    }

    /// The sparse buckets: runs of adjacent ones, and the difference of each count to the one before.
    private mutating func writeNative(_ natives: NativeCounts, _ series: Int) {
        let (schema, buckets) = natives.buckets(of: series)
        self.valueMessage.write(5, zigzag: Int64(schema))
        self.valueMessage.write(6, NativeBuckets.zeroThreshold)
        self.valueMessage.write(7, UInt64(0))
        var start = buckets.startIndex
        var end = 0
        while start < buckets.endIndex {
            var next = start + 1
            while next < buckets.endIndex, buckets[next].index == buckets[next - 1].index + 1 { next += 1 }
            self.partMessage.clear()
            // The first offset is an index, the others are gaps.
            self.partMessage.write(1, zigzag: Int64(buckets[start].index - end))
            self.partMessage.write(2, UInt64(next - start))
            self.valueMessage.write(12, self.partMessage)
            end = buckets[start].index + next - start
            start = next
        }
        var previous: UInt64 = 0
        for bucket in buckets {
            self.valueMessage.write(13, zigzag: Int64(bitPattern: bucket.count &- previous))
            previous = bucket.count
        }
    }

    /// `LabelPair`, in `partMessage`.
    private mutating func write(label name: String, _ value: String) {
        self.partMessage.clear()
        self.partMessage.write(1, name)
        self.partMessage.write(2, value)
    }

    /// `Exemplar`.
    private func message(_ exemplar: Exemplar) -> ProtobufMessage {
        var label = ProtobufMessage()
        label.write(1, "trace_id")
        label.write(2, exemplar.trace.text)
        let time = self.epoch + Int64(clamping: exemplar.time.uptimeNanoseconds)
        var timestamp = ProtobufMessage()
        timestamp.write(1, UInt64(clamping: time / 1_000_000_000))
        timestamp.write(2, UInt64(clamping: time % 1_000_000_000))
        var message = ProtobufMessage()
        message.write(1, label)
        message.write(2, Double(exemplar.nanoseconds) / 1e9)
        message.write(3, timestamp)
        return message
    }
}

extension MetricDescription.Kind {
    /// `MetricType`.
    fileprivate var metricType: UInt64 {
        switch self {
        case .counter: 0
        case .gauge: 1
        case .histogram: 4
        }
    }

    /// The field of `Metric` that holds the value.
    fileprivate var valueField: UInt64 {
        switch self {
        case .gauge: 2
        case .counter: 3
        case .histogram: 7
        }
    }
}
