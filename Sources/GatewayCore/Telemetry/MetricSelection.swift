/// The families or samples that a reader asked for by name; all if it named none.
package struct MetricSelection: Sendable, Hashable {
    private let names: Set<String>

    package init(_ names: Set<String> = []) { self.names = names }

    /// The kinds of samples of a histogram. A series of any other metric is one sample.
    struct Samples: OptionSet {
        let rawValue: UInt8
        static let buckets = Self(rawValue: 1)
        static let sum = Self(rawValue: 2)
        static let count = Self(rawValue: 4)
        static let all: Self = [.buckets, .sum, .count]
    }

    /// Whether anything may be selected of the metric with this name.
    package func mayInclude(_ name: String) -> Bool {
        if self.names.isEmpty || self.names.contains(name) || self.names.contains(Self.family(of: name)) { return true }
        return ["_bucket", "_sum", "_count"].contains { self.names.contains(name + $0) }
    }

    /// - Parameter family: The name of the family in the format, if it differs from that of the metric.
    func samples(of description: MetricDescription, family: String) -> Samples {
        let name = description.name
        if self.names.isEmpty || self.names.contains(name) || self.names.contains(family) { return .all }
        guard description.kind == .histogram else { return [] }
        var samples: Samples = []
        if self.names.contains(name + "_bucket") { samples.insert(.buckets) }
        if self.names.contains(name + "_sum") { samples.insert(.sum) }
        if self.names.contains(name + "_count") { samples.insert(.count) }
        return samples
    }

    /// The name of a metric's family in OpenMetrics, where that of a counter has no suffix.
    static func family(of name: String) -> String {
        name.hasSuffix("_total") ? String(name.dropLast("_total".count)) : name
    }
}
