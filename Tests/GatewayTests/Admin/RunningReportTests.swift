import NIOCore
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// The content of `/routes` and `/upstreams`.
struct RunningReportTests {
    private static let toml = """
        [upstreams.api]
        targets = [{ url = "http://10.0.0.1:1", weight = 3 }, "unix:/run/app.sock"]
        balance = "round_robin"

        [policies.quick.timeout]
        first_byte = "5s"

        [[routes]]
        path = "/users/{id}"
        hosts = ["api.example.com"]
        methods = ["GET"]
        match_headers = { X-Key = "${KEY}" }
        policies = ["quick"]
        upstream = "api"
        metrics = false

        [[routes]]
        name = "old"
        path = "/old"
        redirect = { to = "/new", status = 301 }

        [[routes]]
        name = "teapot"
        path = "/tea"
        respond = { status = 418, body = "short" }
        """

    private func fixture() throws -> AdminFixture {
        let configuration = try GatewayConfiguration(
            toml: Self.toml,
            environment: ["KEY": "s3cret"],
            middlewares: .standard
        )
        return AdminFixture { $0 = configuration }
    }

    @Test func `a route is shown with its conditions and its destination`() async throws {
        let routes = try #require(try await self.fixture().json("/routes")["routes"])
        #expect(routes["0", "name"] == "users-id")
        #expect(routes["0", "line"] == 8)
        #expect(
            routes["0", "match"] == [
                "hosts": ["api.example.com"], "path": "/users/{id}", "methods": ["GET"],
                "headers": ["X-Key": "[redacted]"], "query": [:],
            ]
        )
        #expect(routes["0", "upstream"] == "api")
        #expect(routes["0", "policies"] == ["quick"])
        #expect(routes["0", "respond"] == nil)
        #expect(routes["1", "redirect"] == ["to": "/new", "status": 301])
        #expect(routes["2", "respond", "status"] == 418)
        #expect(routes["2", "line"] == 22)
    }

    @Test func `the chain of a route is shown in order, with every setting and its source`() async throws {
        let chain = try #require(try await self.fixture().json("/routes")["routes", "0", "chain"])
        guard case .list(let middlewares) = chain else { return #expect(Bool(false)) }
        let order = MiddlewareList.standard.descriptions.map(\.name)
        let names = middlewares.compactMap { entry -> String? in
            if case .string(let name)? = entry["name"] { name } else { nil }
        }
        #expect(names == order.filter(names.contains))
        #expect(!names.contains("metrics"))
        let timeout = try #require(middlewares.first { $0["name"] == "timeout" })
        #expect(
            timeout["settings", "first_byte"] == ["value": "5s", "source": "gateway.toml:6 (policy quick)"]
        )
        #expect(timeout["settings", "connect"] == ["value": "2s", "source": "default"])
    }

    @Test func `the targets of an upstream are shown with their state`() async throws {
        let admin = try self.fixture()
        let targets = try #require(admin.status.upstreams.targets["api"])
        targets[1].endpoints[0].fail(at: EndpointHealth.Moment(now: .now(), time: 1_000))
        let api = try #require(try await admin.json("/upstreams")["upstreams", "0"])
        #expect(api["name"] == "api")
        #expect(api["balance"] == "round_robin")
        #expect(api["required"] == false)
        #expect(api["targets", "0", "target"] == "10.0.0.1:1")
        #expect(api["targets", "0", "weight"] == 3)
        #expect(api["targets", "0", "up"] == true)
        #expect(api["targets", "0", "state"] == "unknown")
        #expect(api["targets", "0", "reason"] == nil)
        #expect(api["targets", "0", "next_try"] == nil)
        #expect(api["targets", "0", "addresses"] == nil)
        #expect(api["targets", "0", "requests"] == 0)
        #expect(api["targets", "0", "connections"] == ["active": 0, "idle": 0])
        #expect(api["targets", "1", "target"] == "unix:/run/app.sock")
        #expect(api["targets", "1", "up"] == false)
        #expect(api["targets", "1", "state"] == "down")
        #expect(api["targets", "1", "since"] == "1970-01-01T00:00:01Z")
        #expect(api["targets", "1", "reason"] == "refused")
        #expect(api["targets", "1", "next_try"] == "1970-01-01T00:00:02Z")
    }

    @Test func `the addresses of a name are listed below its target, which is up while one of them is`() async throws {
        let admin = AdminFixture { $0.upstreams["api"] = .targets("http://backend.internal:80") }
        let target = try #require(admin.status.upstreams.targets["api"]?.first)
        func shown() async throws -> SettingValue? {
            try await admin.json("/upstreams")["upstreams", "0", "targets", "0"]
        }
        #expect(try await shown()?["state"] == "unknown")
        #expect(try await shown()?["addresses"] == [])
        target.notFound(reason: "no such name")
        #expect(try await shown()?["up"] == false)
        #expect(try await shown()?["reason"] == "dns")
        target.found(["10.0.0.1", "2001:db8::1"].compactMap { try? SocketAddress(ipAddress: $0, port: 80) })
        let endpoints = target.endpoints
        endpoints[0].fail()
        _ = endpoints[1].connected()
        #expect(try await shown()?["up"] == true)
        #expect(try await shown()?["addresses", "0", "address"] == "10.0.0.1:80")
        #expect(try await shown()?["addresses", "0", "up"] == false)
        #expect(try await shown()?["addresses", "0", "reason"] == "refused")
        #expect(try await shown()?["addresses", "1", "address"] == "[2001:db8::1]:80")
        #expect(try await shown()?["addresses", "1", "state"] == "up")
        endpoints[1].fail()
        #expect(try await shown()?["up"] == false)
        #expect(try await shown()?["state"] == "down")
    }
}
