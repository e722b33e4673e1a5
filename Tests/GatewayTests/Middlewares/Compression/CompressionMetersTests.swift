import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct CompressionMetersTests {
    @Test func `bytes are counted per coding, and unused codings have no series`() {
        let shard = MeterShard(budget: SeriesBudget(limit: 100), buckets: HistogramBuckets(seconds: [1]))
        let meters = CompressionMeters(route: "users", shard: shard)
        #expect(shard.copy().isEmpty)
        meters.count(.gzip, input: 1_000, output: 300)
        meters.count(.gzip, input: 500, output: 0)
        meters.count(.brotli, input: 10, output: 12)
        func value(_ coding: String, _ direction: String) -> Double {
            shard.counter(CompressionMeters.bytes, ["users", coding, direction]).value
        }
        #expect(value("gzip", "in") == 1_500 && value("gzip", "out") == 300)
        #expect(value("br", "in") == 10 && value("br", "out") == 12)
    }
}
