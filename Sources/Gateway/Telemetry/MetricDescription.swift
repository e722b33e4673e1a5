/// What one metric is: its name, its meaning and the names of its labels.
///
/// Names follow Prometheus: base units, one prefix, counters end in `_total`.
public struct MetricDescription: Sendable, Hashable {
    /// How the values of a metric behave over time.
    public enum Kind: Sendable, Hashable {
        /// Only grows, until the process starts anew.
        case counter
        /// Goes up and down; `merge` says how the values of several event loops make one.
        case gauge(GaugeMerge)
        /// Counts durations in buckets.
        case histogram
    }

    /// How the values that event loops have for one gauge are made one value.
    public enum GaugeMerge: Sendable, Hashable {
        case sum, minimum, maximum
    }

    /// The base unit of the values; OpenMetrics wants it to be the end of the name.
    public enum Unit: String, Sendable, Hashable {
        case seconds, bytes
    }

    /// The full name, for a counter with `_total`.
    public let name: String
    public let kind: Kind
    /// One sentence for people.
    public let help: String
    /// The names of the labels, in the order in which their values are given.
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
