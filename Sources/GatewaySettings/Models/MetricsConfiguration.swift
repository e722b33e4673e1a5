/// `[metrics]`: buckets and limits of `/metrics`.
public struct MetricsConfiguration: SettingTable {
    /// Upper bounds of the duration histograms, in seconds, ascending.
    public var buckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60,
    ]
    /// Maximum number of series per metric. Further label sets are counted in a shared `_OTHER` series.
    public var seriesLimit = 10_000

    public init() {}
}
