import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewaySettings

struct HealthReportTests {
    @Test func `healthy targets are counted per upstream`() async throws {
        let admin = AdminFixture { configuration in
            configuration.upstreams["api"] = .targets("http://10.0.0.1:1", "http://10.0.0.2:2")
            var demo = UpstreamConfiguration()
            demo.builtin = .demo
            configuration.upstreams["demo"] = demo
        }
        let response = try await admin.get("/health")
        #expect(response.value(of: "Content-Type") == "application/health+json")
        let health = try response.json
        #expect(health["status"] == "pass")
        #expect(health["version"] == .string(GatewayVersion.current))
        #expect(health["uptime_seconds"] == 0)
        let check = health["checks", "upstream:api", "0"]
        #expect(check?["componentType"] == "component")
        #expect(check?["status"] == "pass")
        #expect(check?["observedValue"] == 2)
        #expect(check?["observedUnit"] == "healthy targets")
        #expect(check?["time"] != nil)
        #expect(health["checks", "upstream:demo", "0", "observedValue"] == 1)
    }

    @Test(arguments: [
        (0, false, "pass", 200), (1, false, "warn", 200), (2, false, "warn", 200),
        (0, true, "pass", 200), (1, true, "warn", 200), (2, true, "fail", 503),
    ])
    func `the status follows that of the upstreams`(down: Int, required: Bool, status: String, code: Int) async throws {
        let admin = AdminFixture { configuration in
            configuration.upstreams["api"] = .targets("http://10.0.0.1:1", "http://10.0.0.2:2", required: required)
        }
        for target in try #require(admin.status.upstreams.targets["api"]).prefix(down) { target.endpoints[0].fail() }
        let response = try await admin.get("/health")
        #expect(response.status == code)
        #expect(try response.json["status"] == .string(status))
        #expect(try response.json["checks", "upstream:api", "0", "observedValue"] == .integer(2 - down))
    }

    @Test func `a rejected reload is a warning until one succeeds`() async throws {
        let admin = AdminFixture()
        admin.status.reloads.refused(because: "gateway.toml: there are no routes")
        let health = try await admin.json("/health")
        #expect(health["status"] == "warn")
        let output = "the last reload was refused: gateway.toml: there are no routes"
        #expect(health["checks", "gateway:configuration", "0", "output"] == .string(output))
        #expect(await admin.statusCode("/health") == 200)
        admin.status.reloads.reloaded(at: 1)
        #expect(try await admin.json("/health")["status"] == "pass")
    }

    @Test func `the short form contains no addresses`() async throws {
        let admin = AdminFixture { $0.upstreams["api"] = .targets("http://10.0.0.1:1") }
        let text = try await admin.get("/health").text
        #expect(!text.contains("10.0.0.1"))
    }

    @Test func `the long form contains each target and the process`() async throws {
        let admin = AdminFixture { configuration in
            configuration.upstreams["api"] = .targets("http://10.0.0.1:1", "http://10.0.0.2:2")
            configuration.log.access = .file(path: "/tmp")
        }
        try #require(admin.status.upstreams.targets["api"])[1].endpoints[0].fail()
        let checks = try #require(try await admin.json("/health/detailed")["checks"])
        #expect(checks["target:api", "0", "componentId"] == "10.0.0.1:1")
        #expect(checks["target:api", "0", "target"] == "10.0.0.1:1")
        #expect(checks["target:api", "0", "state"] == "unknown")
        #expect(checks["target:api", "1", "state"] == "down")
        #expect(checks["target:api", "1", "status"] == "warn")
        #expect(checks["target:api", "1", "output"] == "down: refused")
        for name in ["cpu:time", "memory:resident", "files:open", "disk:free"] {
            #expect(checks[name, "0", "observedValue"] != nil, "\(name)")
        }
    }

    @Test func `the long form contains the disk and the latency of targets`() async throws {
        let admin = AdminFixture { $0.upstreams["api"] = .targets("http://10.0.0.1:1") }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        try await loop.submit {
            let target = try #require(admin.status.upstreams.targets["api"]?.first)
            let meters = TargetMeters(target: target, shard: admin.status.registry.makeShard(on: loop))
            meters.answered(status: 200, after: .milliseconds(3))
            meters.answered(status: 200, after: .milliseconds(4))
        }.get()
        let checks = try #require(try await admin.json("/health/detailed")["checks"])
        #expect(checks["disk:free", "0", "componentId"] == "working_directory")
        #expect(checks["target:api", "0", "latency_ms"] == 3.5)
        try await group.shutdownGracefully()
    }

    @Test func `a file system without a limit is accepted`() {
        #expect(HealthReport.bytes(3, of: 4096) == 12_288)
        #expect(HealthReport.bytes(.max, of: 1) == .max)
        #expect(HealthReport.bytes(.max, of: 4096) == .max)
    }
}
