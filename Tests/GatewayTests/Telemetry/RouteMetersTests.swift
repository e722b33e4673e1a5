import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

struct RouteMetersTests {
    private static let byRoute = [
        RouteMeters.requestsInFlight, RouteMeters.responseFirstByte, RouteMeters.receivedBytes, RouteMeters.sentBytes,
    ].map(\.name).sorted()

    private func shard() -> MeterShard { MeterShard(budget: SeriesBudget(limit: 100), buckets: .standard) }

    @Test func `metrics labeled only by route exist from the start`() {
        let shard = shard()
        _ = RouteMeters(route: "users", shard: shard)
        #expect(shard.copy().map(\.description.name).sorted() == Self.byRoute)
        #expect(shard.performances.isEmpty)
    }

    @Test func `a route beyond the first thousand gets its metrics with its first request`() {
        let shard = shard()
        let meters = RouteMeters(route: "users", shard: shard, isShown: false)
        #expect(shard.copy().isEmpty)
        meters.inFlight.add()
        let request = RouteMeters.Request(
            method: .get,
            status: 200,
            isError: false,
            duration: .milliseconds(1),
            firstByte: .milliseconds(1),
            bytesIn: 10,
            bytesOut: 20
        )
        meters.count(request, at: .uptimeNanoseconds(0))
        let names = Set(shard.copy().map(\.description.name))
        #expect(names.isSuperset(of: Self.byRoute))
        #expect(shard.performances.keys.sorted() == ["users"])
    }

    @Test func `statistics of a removed route are dropped`() {
        let shard = shard()
        let meters = RouteMeters(route: "old", shard: shard)
        shard.retain(routes: ["new"], targets: [:])
        let request = RouteMeters.Request(
            method: .get,
            status: 200,
            isError: false,
            duration: .zero,
            bytesIn: 0,
            bytesOut: 0
        )
        meters.count(request, at: .uptimeNanoseconds(0))
        #expect(shard.performances.isEmpty)
        #expect(shard.copy().flatMap(\.labels).isEmpty)
    }
}
