import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore

struct MeterRegistryTests {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private static let requests = MetricDescription(
        "requests_total",
        .counter,
        help: "Requests.",
        labels: ["route", "code"]
    )

    /// Runs `body` on each of two loops with its shard, and reads the registry while both still exist.
    private func snapshot(
        _ registry: MeterRegistry,
        _ body: @escaping @Sendable (Int, MeterShard) -> Void
    ) async throws -> [MetricFamily] {
        for (number, loop) in group.makeIterator().enumerated() {
            try await loop.submit { body(number, registry.makeShard(on: loop)) }.get()
        }
        let families = await registry.snapshot()
        try await group.shutdownGracefully()
        return families.filter { $0.description.name != MeterRegistry.seriesDropped.name || !$0.labels.isEmpty }
    }

    @Test func `counters of all loops are added by labels`() async throws {
        let families = try await snapshot(MeterRegistry()) { number, shard in
            shard.counter(Self.requests, ["users", "200"]).add(UInt64(number + 1))
            shard.counter(Self.requests, ["users", "50\(number)"]).add()
        }
        #expect(families.count == 1)
        #expect(families[0].labels == [["users", "200"], ["users", "500"], ["users", "501"]])
        #expect(families[0].values == [3, 1, 1])
    }

    @Test(arguments: [
        (MetricDescription.GaugeMerge.sum, 3.0), (.minimum, 1.0), (.maximum, 2.0),
    ])
    func `gauges are merged as their metric specifies`(merge: MetricDescription.GaugeMerge, expected: Double)
        async throws
    {
        let gauge = MetricDescription("value", .gauge(merge), help: "A value.")
        let families = try await snapshot(MeterRegistry()) { number, shard in
            shard.gauge(gauge).set(Double(number + 1))
        }
        #expect(families[0].values == [expected])
    }

    @Test func `histograms are added bucket by bucket`() async throws {
        let duration = MetricDescription("duration_seconds", .histogram, help: "Time.", unit: .seconds)
        let families = try await snapshot(MeterRegistry(buckets: HistogramBuckets(seconds: [1, 0.5]))) {
            number,
            shard in
            let histogram = shard.histogram(duration)
            histogram.observe(seconds: 0.5)
            histogram.observe(nanoseconds: 500_000_001)
            histogram.observe(seconds: number == 0 ? 7 : -1)
        }
        #expect(families[0].bounds == [0.5, 1])
        #expect(families[0].values.dropLast() == [3, 2, 1])
        #expect(abs(families[0].values[3] - 9) < 0.001)
    }

    @Test func `label sets over the limit share one series, the same on all loops, and are counted`()
        async throws
    {
        let families = try await snapshot(MeterRegistry(seriesLimit: 2)) { _, shard in
            for code in 0..<5 { shard.counter(Self.requests, ["r", "\(code)"]).add() }
        }
        #expect(families.map(\.description.name) == ["gateway_metric_series_dropped_total", "requests_total"])
        #expect(families[0].values == [6])
        #expect(families[1].labels == [["_OTHER", "_OTHER"], ["r", "0"], ["r", "1"]])
        #expect(families[1].values == [6, 2, 2])
    }

    @Test func `removed series make room for others`() async throws {
        let families = try await snapshot(MeterRegistry(seriesLimit: 1)) { number, shard in
            guard number == 0 else { return }
            shard.counter(Self.requests, ["old", "200"]).add()
            shard.retain(routes: ["new"], targets: [:])
            shard.counter(Self.requests, ["new", "200"]).add()
        }
        #expect(families[0].labels == [["new", "200"]])
    }

    @Test func `requests that end on a removed route leave no series`() async throws {
        let families = try await snapshot(MeterRegistry()) { _, shard in
            let old = RouteMeters(route: "old", shard: shard)
            old.countError(.notFound)
            let kept = RouteMeters(route: "kept", shard: shard)
            shard.retain(routes: ["kept"], targets: [:])
            old.countError(.forbidden)
            kept.countError(.forbidden)
            old.inFlight.add()
            shard.counter(RouteMeters.errorsByCode, [MetricLabel.noRoute, "x"]).add()
        }
        let routes = Set(families.flatMap(\.labels).compactMap(\.first))
        #expect(routes == ["kept", "_none"])
    }

    @Test func `a route that returns gets its series back`() async throws {
        let families = try await snapshot(MeterRegistry()) { _, shard in
            RouteMeters(route: "a", shard: shard).countError(.notFound)
            shard.retain(routes: ["b"], targets: [:])
            RouteMeters(route: "a", shard: shard).countError(.notFound)
            shard.retain(routes: ["a", "b"], targets: [:])
        }
        #expect(families.first { $0.description == RouteMeters.errorsByCode }?.values == [2])
    }

    @Test func `removed targets do not affect other upstreams`() async throws {
        let families = try await snapshot(MeterRegistry()) { _, shard in
            for labels in [["a", "x"], ["a", "y"], ["b", "x"]] { shard.gauge(TargetMeters.targetUp, labels).set(1) }
            _ = shard.histogram(TargetMeters.queueTime, ["a"])
            _ = shard.histogram(TargetMeters.queueTime, ["b"])
            shard.retain(routes: [], targets: ["a": ["y"], "c": []])
            shard.admit(upstream: "d", target: "z")
            for labels in [["a", "x"], ["d", "z"]] { shard.gauge(TargetMeters.targetUp, labels).set(1) }
        }
        let labels = Dictionary(uniqueKeysWithValues: families.map { ($0.description.name, $0.labels) })
        #expect(
            labels == [TargetMeters.targetUp.name: [["a", "y"], ["d", "z"]], TargetMeters.queueTime.name: [["a"]]]
        )
    }

    @Test func `samplers run when the registry is read`() async throws {
        let families = try await snapshot(MeterRegistry()) { _, shard in
            let gauge = shard.gauge(RouteMeters.requestsInFlight, ["users"])
            shard.addSampler { gauge.set(21) }
            shard.removeSampler(shard.addSampler { gauge.set(0) })
        }
        #expect(families[0].values == [42])
    }

    @Test func `shared meters and sources are included`() async throws {
        let registry = MeterRegistry()
        let reloads = SharedMeter()
        reloads.add()
        reloads.add(2)
        registry.add(reloads, as: ReloadMeters.reloads, ["success"])
        registry.addSource { [ProcessMetrics.buildInfo(version: "1.2.3")] }
        let families = try await snapshot(registry) { _, shard in _ = shard.counter(ReloadMeters.reloads, ["refused"])
        }
        #expect(families.map(\.description.name) == ["gateway_build_info", "gateway_config_reloads_total"])
        #expect(families[1].labels == [["refused"], ["success"]])
        #expect(families[1].values == [0, 3])
    }

    @Test func `a cached series is found by its key`() {
        var cache = SeriesCache<Counter>()
        for code in [200, 404, 200, 200] as [UInt16] {
            cache.meter(for: SeriesCache<Counter>.key(method: 1, code: code)) { Counter() }.add()
        }
        let found = cache.meter(for: SeriesCache<Counter>.key(method: 1, code: 200)) { Counter() }
        #expect(found.value == 3)
    }

    @Test func `invalid bucket bounds are dropped`() {
        #expect(HistogramBuckets(seconds: [1, .nan, -1, 0, .infinity, 1e300, 0.1, 1]).seconds == [0.1, 1])
    }
}
