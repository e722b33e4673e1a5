/// Expressions that work with classic histograms alone and with native ones alone: Prometheus keeps either, and a series of
/// the other does not exist.
///
/// A part that does not exist is empty, so `A or B` is the one that does. If both do, the classic one wins.
enum PromQL {
    /// A quantile of durations, in seconds.
    ///
    /// - Parameters:
    ///   - metric: The name of a histogram.
    ///   - labels: The labels to keep.
    ///   - filter: Matchers, without braces.
    ///   - range: The window, such as `5m`.
    static func quantile(
        _ quantile: String,
        _ metric: String,
        by labels: [String] = [],
        where filter: String,
        over range: String = Self.interval
    ) -> String {
        let classic = Self.sum("rate(\(Self.select(metric + "_bucket", filter))[\(range)])", by: labels + ["le"])
        let native = Self.sum("rate(\(Self.select(metric, filter))[\(range)])", by: labels)
        return "histogram_quantile(\(quantile), \(classic)) or histogram_quantile(\(quantile), \(native))"
    }

    /// How many durations are counted per second.
    static func count(
        _ metric: String,
        by labels: [String] = [],
        where filter: String,
        over range: String = Self.interval
    ) -> String {
        let classic = Self.sum("rate(\(Self.select(metric + "_count", filter))[\(range)])", by: labels)
        let native = Self.sum("histogram_count(rate(\(Self.select(metric, filter))[\(range)]))", by: labels)
        return "\(classic) or \(native)"
    }

    /// The mean duration in seconds.
    static func mean(
        _ metric: String,
        by labels: [String] = [],
        where filter: String,
        over range: String = Self.interval
    ) -> String {
        func total(_ sample: String) -> String {
            Self.sum("rate(\(Self.select(metric + sample, filter))[\(range)])", by: labels)
        }
        func native(_ function: String) -> String {
            Self.sum("\(function)(rate(\(Self.select(metric, filter))[\(range)]))", by: labels)
        }
        let classic = "\(total("_sum")) / \(total("_count"))"
        let sparse = "\(native("histogram_sum")) / \(native("histogram_count"))"
        return "(\(classic)) or (\(sparse))"
    }

    /// Events per second.
    static func rate(
        _ metric: String,
        by labels: [String] = [],
        where filter: String,
        over range: String = Self.interval
    ) -> String {
        Self.sum("rate(\(Self.select(metric, filter))[\(range)])", by: labels)
    }

    /// The share of the events that match, 0 to 1. It is 0, not missing, while none has matched.
    ///
    /// - Parameters:
    ///   - part: Further matchers of the events that count.
    ///   - whole: Further matchers of the events to compare with; empty for all.
    static func ratio(
        _ metric: String,
        of part: String,
        among whole: String = "",
        by labels: [String] = [],
        where filter: String,
        over range: String = Self.interval
    ) -> String {
        func join(_ further: String) -> String { [filter, further].filter { !$0.isEmpty }.joined(separator: ",") }
        let matching = Self.rate(metric, by: labels, where: join(part), over: range)
        let all = Self.rate(metric, by: labels, where: join(whole), over: range)
        return "(\(matching) or 0 * \(all)) / \(all)"
    }

    private static func select(_ metric: String, _ filter: String) -> String {
        filter.isEmpty ? metric : "\(metric){\(filter)}"
    }

    static func sum(_ expression: String, by labels: [String]) -> String {
        labels.isEmpty ? "sum(\(expression))" : "sum by (\(labels.joined(separator: ", "))) (\(expression))"
    }

    /// A metric that every process has, of gateways alone.
    static func ofGateways(_ expression: String) -> String { "\(expression) and on (job, instance) gateway_build_info" }

    /// What Grafana takes for a rate: at least four scrapes.
    static let interval = "$__rate_interval"
    /// The instances that a dashboard shows.
    static let instances = #"instance=~"$instance""#
    /// The routes that a dashboard shows.
    static let routes = Self.instances + #",route=~"$route""#
    /// The upstreams that a dashboard shows.
    static let upstreams = Self.instances + #",upstream=~"$upstream""#
}
