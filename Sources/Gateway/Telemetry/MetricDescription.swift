/// The name, meaning and labels of a metric.
///
/// Names follow Prometheus: base units, one prefix, counters end in `_total`.
public struct MetricDescription: Sendable, Hashable {
    /// The kind of a metric.
    public enum Kind: Sendable, Hashable {
        /// Only grows until the process restarts.
        case counter
        /// Goes up and down. The values of the event loops are merged.
        case gauge(GaugeMerge)
        /// Counts durations in buckets.
        case histogram
    }

    /// How the values of the event loops are merged into one.
    public enum GaugeMerge: Sendable, Hashable {
        case sum, minimum, maximum
    }

    /// The base unit of the values. OpenMetrics requires names to end with it.
    public enum Unit: String, Sendable, Hashable {
        case seconds, bytes
    }

    /// The full name. A counter ends in `_total`.
    public let name: String
    public let kind: Kind
    /// One sentence of help.
    public let help: String
    /// The names of the labels, in the order of their values.
    public let labels: [String]
    public let unit: Unit?

    public init(_ name: String, _ kind: Kind, help: String, labels: [String] = [], unit: Unit? = nil) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.unit = unit
    }
}
