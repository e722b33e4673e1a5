/// The name, meaning and labels of a metric.
///
/// Names follow Prometheus: base units, one prefix, counters end in `_total`. Each description is declared by the type that
/// counts it.
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

/// Label values with a fixed meaning. No label takes a value that a client can invent.
package enum MetricLabel {
    /// Unknown methods, and series over the limit.
    package static let other = "_OTHER"
    /// The route of requests that matched no route.
    package static let noRoute = "_none"
    /// The route of admin endpoints exposed on the traffic listeners.
    package static let adminRoute = "_admin"
    /// The route of the collector of browser reports.
    package static let reportsRoute = "_csp_reports"
}
