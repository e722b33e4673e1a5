import GatewayCore
import GatewaySettings
import NIOCore
import Testing

@testable import GatewayEvents

@Suite struct SamplerTests {
    private static let bounds = [0.01, 0.1, 1]

    /// A reading of the metrics. Durations are the counts of the buckets, the unbounded one last, and the sum.
    private static func families(_ series: [(name: String, labels: [String], values: [Double])]) -> [MetricFamily] {
        Dictionary(grouping: series, by: \.name).map { name, series in
            let isHistogram = name.hasSuffix("_seconds")
            let names = (0..<(series.first?.labels.count ?? 0)).map { "l\($0)" }
            let description = MetricDescription(name, isHistogram ? .histogram : .gauge(.sum), help: "", labels: names)
            var family = MetricFamily(description, bounds: isHistogram ? Self.bounds : [])
            for one in series.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
                guard isHistogram else {
                    family.append(one.labels, one.values[0])
                    continue
                }
                let histogram = Histogram(HistogramBuckets(seconds: Self.bounds))
                for (bucket, count) in one.values.enumerated() {
                    for _ in 0..<Int(count) { histogram.observe(seconds: ([0] + Self.bounds)[bucket] + 0.001) }
                }
                family.append(one.labels, histogram)
            }
            return family
        }
    }

    private static func samples(
        from old: [(name: String, labels: [String], values: [Double])],
        to new: [(name: String, labels: [String], values: [Double])],
        after seconds: Int64 = 5
    ) throws -> [SampleKind: String] {
        var sampler = Sampler()
        let first = sampler.sample(Self.families(old), at: .uptimeNanoseconds(1_000_000_000))
        #expect(first == nil)
        let now = NIODeadline.uptimeNanoseconds(1_000_000_000) + .seconds(seconds)
        let samples = sampler.sample(Self.families(new), at: now)
        return try #require(samples).mapValues { JSONText.text($0) }
    }

    @Test func `a sample of routes has the rates and latencies since the last`() throws {
        let samples = try Self.samples(
            from: [
                ("gateway_http_requests_total", ["users", "GET", "200"], [100]),
                ("gateway_http_requests_total", ["gone", "GET", "200"], [7]),
                ("gateway_http_request_duration_seconds", ["users", "GET"], [100, 0, 0, 0]),
            ],
            to: [
                ("gateway_http_requests_in_flight", ["idle"], [0]),
                ("gateway_http_requests_in_flight", ["new"], [1]),
                ("gateway_http_requests_in_flight", ["users"], [2]),
                ("gateway_http_requests_total", ["users", "GET", "200"], [130]),
                ("gateway_http_requests_total", ["users", "POST", "503"], [10]),
                ("gateway_http_requests_total", ["users", "POST", "429"], [10]),
                ("gateway_http_request_duration_seconds", ["users", "GET"], [110, 30, 0, 0]),
                ("gateway_http_request_duration_seconds", ["users", "POST"], [0, 9, 1, 0]),
                ("gateway_rate_limit_decisions_total", ["users", "allowed"], [1000]),
                ("gateway_rate_limit_decisions_total", ["users", "limited"], [10]),
            ]
        )
        #expect(
            samples[.route] == """
                {"seconds":5.0,"routes":[{"name":"users","rate":10.0,"error_ratio":0.2,"p50_ms":44.6154,"p95_ms":96.5385,\
                "p99_ms":550.0,"in_flight":2,"limited_rate":2.0},{"name":"new","rate":0.0,"error_ratio":null,"p50_ms":null,\
                "p95_ms":null,"p99_ms":null,"in_flight":1,"limited_rate":0.0}]}
                """
        )
    }

    @Test func `a sample of upstreams has their targets`() throws {
        let samples = try Self.samples(
            from: [],
            to: [
                ("gateway_upstream_target_up", ["api", "a:1"], [1]),
                ("gateway_upstream_target_up", ["api", "b:1"], [0]),
                ("gateway_upstream_target_up", ["web", "c:1"], [1]),
                ("gateway_circuit_breaker_state", ["api", "a:1"], [1]),
                ("gateway_upstream_connections", ["api", "a:1", "active"], [3]),
                ("gateway_upstream_connections", ["api", "a:1", "idle"], [9]),
                ("gateway_upstream_requests_total", ["web", "c:1", "200"], [2]),
                ("gateway_upstream_request_duration_seconds", ["web", "c:1"], [2, 0, 0, 0]),
            ],
            after: 1
        )
        #expect(
            samples[.upstream] == """
                {"seconds":1.0,"upstreams":[{"name":"web","targets_up":1,"rate":2.0,"error_ratio":0.0,"p50_ms":5.0,"p95_ms":9.5,\
                "p99_ms":9.9,"in_flight":0,"targets":[{"target":"c:1","up":true,"circuit":null,"rate":2.0,"error_ratio":0.0,\
                "p50_ms":5.0,"p95_ms":9.5,"p99_ms":9.9,"in_flight":0}]},{"name":"api","targets_up":1,"rate":0.0,"error_ratio":null,\
                "p50_ms":null,"p95_ms":null,"p99_ms":null,"in_flight":3,"targets":[{"target":"a:1","up":true,\
                "circuit":"half_open","rate":0.0,"error_ratio":null,"p50_ms":null,"p95_ms":null,"p99_ms":null,"in_flight":3},\
                {"target":"b:1","up":false,"circuit":null,"rate":0.0,"error_ratio":null,"p50_ms":null,"p95_ms":null,\
                "p99_ms":null,"in_flight":0}]}]}
                """
        )
    }

    @Test func `a sample of the system has what the process uses`() throws {
        let samples = try Self.samples(
            from: [("process_cpu_seconds_total", [], [10])],
            to: [
                ("process_cpu_seconds_total", [], [11.5]),
                ("process_resident_memory_bytes", [], [1024]),
                ("process_open_fds", [], [12]),
                ("gateway_client_connections", ["a", "active"], [2]),
                ("gateway_client_connections", ["a", "idle"], [3]),
            ],
            after: 3
        )
        #expect(
            samples[.system] == """
                {"seconds":3.0,"cpu_cores":0.5,"memory_bytes":1024,"open_files":12,"connections":5,"rate":0.0,\
                "error_ratio":null,"p50_ms":null,"p95_ms":null,"p99_ms":null,"in_flight":0}
                """
        )
    }

    @Test func `the busiest thousand routes are in a sample`() throws {
        let samples = try Self.samples(
            from: [],
            to: (0..<1500).map { ("gateway_http_requests_total", ["r\($0)", "GET", "200"], [Double($0)]) }
        )
        let routes = try #require(samples[.route]).split(separator: "\"name\":")
        #expect(routes.count == 1001)
        #expect(routes[1].hasPrefix("\"r1499\""))
    }

    @Test func `a counter that begins anew is no negative rate, and nothing is infinite`() throws {
        let samples = try Self.samples(
            from: [("gateway_http_requests_total", ["users", "GET", "200"], [100])],
            to: [("gateway_http_requests_total", ["users", "GET", "200"], [1])]
        )
        #expect(samples[.route] == "{\"seconds\":5.0,\"routes\":[]}")
    }

    @Test func `durations above the last bucket count as the last bound`() {
        var counts = BucketCounts()
        counts.add([0, 0, 0, 4, 99])
        #expect(counts.quantile(0.5, bounds: Self.bounds) == 1)
        #expect(BucketCounts().quantile(0.5, bounds: Self.bounds) == nil)
    }

    @Test func `readings after a break begin anew`() {
        var sampler = Sampler()
        _ = sampler.sample([], at: .uptimeNanoseconds(1))
        sampler.reset()
        let again = sampler.sample([], at: .uptimeNanoseconds(2))
        #expect(again == nil)
        // Without time between them there is no rate.
        let atOnce = sampler.sample([], at: .uptimeNanoseconds(2))
        #expect(atOnce == nil)
    }
}
