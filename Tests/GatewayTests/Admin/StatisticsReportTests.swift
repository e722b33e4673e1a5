import FoundationEssentials
import GatewayHTTP1
import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

/// The reports of `/metrics/performance`, `/metrics/counters` and `/metrics/system`, and `/metrics/reset`.
struct StatisticsReportTests {
    private let admin = AdminFixture { $0.routes = [.to("users", path: "/users"), .to("idle", path: "/a b")] }
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    /// Counts requests to the first route. Each takes a millisecond longer than the previous one, and the first on
    /// each loop is an error.
    private func count(_ milliseconds: ClosedRange<Int64>) async throws {
        let name = admin.status.configuration.routes[0].name
        for loop in group.makeIterator() {
            try await loop.submit { [registry = admin.status.registry, now = admin.now] in
                let meters = RouteMeters(route: name, shard: registry.makeShard(on: loop))
                for length in milliseconds {
                    let request = RouteMeters.Request(
                        method: .get,
                        status: 200,
                        isError: length == milliseconds.lowerBound,
                        duration: .milliseconds(length),
                        firstByte: nil,
                        bytesIn: 1,
                        bytesOut: 2
                    )
                    meters.count(request, at: now)
                }
            }.get()
        }
    }

    @Test func `the counts of all loops are added up, per route and in total`() async throws {
        try await count(1...100)
        let text = JSONText.text(
            try await PerformanceEndpoint.json(admin.status, at: admin.now, AdminQuery("")),
            indented: false
        )
        let report = try JSONDecoder().decode(SettingValue.self, from: Data(text.utf8))
        for window in ["1m", "5m", "15m"] {
            for path in [["all", window], ["routes", "0", window]] {
                let part = path.reduce(report as SettingValue?) { $0?[$1] }
                #expect(part?["count"] == 200)
                #expect(part?["errors"] == 2)
                #expect(part?["min_ms"] == 1)
                #expect(part?["max_ms"] == 100)
                #expect(part?["avg_ms"] == .number(50.5))
                for (name, expected) in [("p50_ms", 50.0), ("p90_ms", 90), ("p95_ms", 95), ("p99_ms", 99)] {
                    guard case .number(let value)? = part?[name] else {
                        Issue.record("no \(name)")
                        continue
                    }
                    #expect(abs(value - expected) <= expected / 32)
                }
            }
        }
        #expect(report["routes", "1", "1m", "count"] == 0)
        #expect(report["routes", "1", "1m", "p50_ms"] == nil)
        #expect(report["total"] == 2)
        try await group.shutdownGracefully()
    }

    @Test func `a single route is shown by its name`() async throws {
        try await count(5...5)
        let names = admin.status.configuration.routes.map(\.name)
        let report = try await admin.json("/metrics/performance/\(names[0])")
        #expect(report["name"] == .string(names[0]))
        #expect(report["5m", "count"] == 2)
        #expect(try await admin.json("/metrics/performance/\(names[1])")["1m", "count"] == 0)
        #expect(await admin.statusCode("/metrics/performance/_none") == 200)
        let refusal = try await #require(throws: AdminRefusal.self) {
            try await admin.get("/metrics/performance/nobody")
        }
        #expect(refusal.error.code == .notFound)
        #expect(refusal.error.detail?.contains("no route of this name") == true)
        try await group.shutdownGracefully()
    }

    @Test func `a reset clears the statistics, except for Prometheus`() async throws {
        try await count(1...3)
        let name = admin.status.configuration.routes[0].name
        let series = "gateway_http_requests_total{route=\"\(name)\",method=\"GET\",code=\"200\"} "
        func counted() async throws -> SettingValue? {
            try await admin.json("/metrics/counters")["counters", "gateway_http_requests_total", "0"]
        }
        #expect(try await counted()?["labels"] == ["route": .string(name), "method": "GET", "code": "200"])
        #expect(try await counted()?["value"] == 6)
        #expect(try await admin.get("/metrics/reset") { $0.method = .post }.status == 200)
        #expect(try await counted()?["value"] == 0)
        #expect(try await admin.json("/metrics/performance")["all", "15m", "count"] == 0)
        #expect(try await admin.get("/metrics").text.contains(series + "6\n"))
        try await count(1...1)
        #expect(try await counted()?["value"] == 2)
        #expect(try await admin.json("/metrics/performance")["all", "15m", "count"] == 2)
        #expect(try await admin.get("/metrics").text.contains(series + "8\n"))
        try await group.shutdownGracefully()
    }

    @Test func `only POST resets`() async throws {
        let refusal = try await #require(throws: AdminRefusal.self) { try await admin.get("/metrics/reset") }
        #expect(refusal.error.allow == "POST")
        try await group.shutdownGracefully()
    }

    @Test func `the process's resource usage is reported`() async throws {
        let report = try await admin.json("/metrics/system")
        #expect(report["version"] == .string(GatewayVersion.current))
        #expect(report["draining"] == false)
        for path in [["cpu", "used_seconds"], ["cpu", "cores"], ["memory", "resident_bytes"], ["files", "open"]] {
            switch path.reduce(report as SettingValue?, { $0?[$1] }) {
            case .integer(let value)?: #expect(value > 0)
            case .number(let value)?: #expect(value > 0)
            default: Issue.record("no \(path)")
            }
        }
        #expect(report["event_loops"] == [])
        try await group.shutdownGracefully()
    }
}
