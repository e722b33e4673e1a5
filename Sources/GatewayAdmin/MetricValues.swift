import GatewayCore
package import GatewaySettings

/// Looks values up in a snapshot of all metrics.
struct MetricValues: Sendable {
    private let families: [String: MetricFamily]

    init(_ families: [MetricFamily]) {
        self.families = Dictionary(families.map { ($0.description.name, $0) }) { first, _ in first }
    }

    /// The sum of all series whose first labels have these values.
    func sum(_ metric: MetricDescription, where labels: [String] = []) -> Double {
        self.sum(named: metric.name, where: labels)
    }

    /// The sum of all series whose first labels have these values.
    func sum(named name: String, where labels: [String] = []) -> Double {
        guard let family = self.families[name] else { return 0 }
        return family.labels.indices.reduce(0) { sum, series in
            family.labels[series].starts(with: labels) ? sum + (family.values(at: series).first ?? 0) : sum
        }
    }

    /// The mean of a histogram in seconds; nil if nothing was observed.
    func mean(_ metric: MetricDescription, where labels: [String]) -> Double? {
        guard let family = self.families[metric.name], let series = family.labels.firstIndex(of: labels) else {
            return nil
        }
        let values = family.values(at: series)
        let count = values.dropLast().reduce(0, +)
        return count > 0 ? (values.last ?? 0) / count : nil
    }
}

extension JSONValue {
    /// A metric as a whole number; `Int.max` if it does not fit in one.
    package static func whole(_ value: Double) -> JSONValue { .integer(Int(exactly: value.rounded()) ?? .max) }
}
