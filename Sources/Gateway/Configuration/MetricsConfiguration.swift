/// `[metrics]`: the shape of what `/metrics` shows.
public struct MetricsConfiguration: SettingTable {
    /// Upper bounds of the duration histograms in seconds, rising.
    public var buckets: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60,
    ]
    /// Series of one metric; further label sets share an `_OTHER` series, and are counted.
    public var seriesLimit = 10_000

    public init() {}
}
