import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// What goes on while a new configuration is applied.
    @Suite struct ReloadTests {
        private static func responding(_ body: String, at path: String = "/*") -> String {
            "[[routes]]\nname = \"all\"\npath = \"\(path)\"\nrespond = { body = \"\(body)\" }\n"
        }

        private static func get(_ target: String = "/", from client: RawConnection) async throws -> Message {
            try await client.send("GET \(target) HTTP/1.1\r\nHost: a.example\r\n\r\n")
            return try await client.response()
        }

        @Test func `requests on one connection follow each configuration`() async throws {
            try await withGateway(Self.responding("0"), workers: 2) { gateway in
                let client = try await gateway.connect()
                defer { client.close() }
                for number in 1...15 {
                    try await gateway.reload(Self.responding("\(number)"))
                    let response = try await Self.get(from: client)
                    #expect(response.text == "\(number)")
                    #expect(response["Connection"] == nil)
                }
            }
        }

        @Test func `a download finishes although its route and its upstream are gone`() async throws {
            let go = Signal()
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\nfirst")
                try await go.wait()
                try await session.send("after")
            }
            try await withProxy(script) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(try await client.text(through: "first").hasPrefix("HTTP/1.1 200"))
                try await gateway.reload(Self.responding("new", at: "/new"))
                #expect(try await gateway.get("/").status == 404)
                #expect(try await gateway.get("/new").text == "new")
                go.fire()
                #expect(try await client.text(through: "after") == "after")
                #expect(try await Self.get("/new", from: client).text == "new")
            }
        }

        @Test func `an upload that began before a reload reaches the upstream of that time`() async throws {
            try await withUpstream(serving { ok("old:\($0.text)") }) { old in
                try await withUpstream(serving { ok("new:\($0.text)") }) { new in
                    try await withGateway(proxy(to: old.url)) { gateway in
                        let client = try await gateway.connect()
                        defer { client.close() }
                        try await client.send("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 6\r\n\r\nabc")
                        try await eventually("the first half arrives") { old.receivedBytes > 0 }
                        try await gateway.reload(proxy(to: new.url))
                        try await client.send("def")
                        #expect(try await client.response().text == "old:abcdef")
                        #expect(try await Self.get(from: client).text == "new:")
                    }
                }
            }
        }

        @Test func `kept connections to a target that remains are reused`() async throws {
            try await withProxy(serving { ok($0.target) }) { gateway, upstream in
                for number in 0..<8 {
                    #expect(try await gateway.get("/\(number)").text == "/\(number)")
                    try await gateway.reload(
                        proxy(
                            to: upstream.url,
                            route: "[routes.headers]\nresponse = { set = { X-Number = \"\(number)\" } }"
                        )
                    )
                }
                let response = try await gateway.get("/last")
                #expect(response["X-Number"] == "7")
                #expect(upstream.connections == 1)
            }
        }

        @Test func `no request is lost when all targets of an upstream are replaced under load`() async throws {
            try await withUpstream(serving { _ in ok("a") }) { first in
                try await withUpstream(serving { _ in ok("b") }) { second in
                    try await withGateway(proxy(to: first.url), workers: 2) { gateway in
                        try await Load.run(clients: 8, against: gateway) {
                            for number in 0..<12 {
                                try await gateway.reload(proxy(to: number.isMultiple(of: 2) ? second.url : first.url))
                                try await Task.sleep(for: .milliseconds(10))
                            }
                        }
                    }
                }
            }
        }

        @Test func `routes and upstreams come and go under load`() async throws {
            try await withUpstream(serving { _ in ok("a") }) { upstream in
                let other = Self.responding("b", at: "/other") + "[upstreams.spare]\ntargets = [\"\(upstream.url)\"]\n"
                try await withGateway(proxy(to: upstream.url), workers: 2) { gateway in
                    try await Load.run(clients: 8, against: gateway) {
                        for number in 0..<12 {
                            let more = number.isMultiple(of: 2) ? other.replacing("\"all\"", with: "\"other\"") : ""
                            try await gateway.reload(proxy(to: upstream.url, more: more))
                            #expect(try await gateway.get("/other").text == (more.isEmpty ? "a" : "b"))
                        }
                    }
                    #expect(try await gateway.get("/").text == "a")
                }
            }
        }

        @Test func `rate limits keep their counts`() async throws {
            let limited = Self.responding("ok") + "[routes.rate_limit]\nlimit = \"3/hour\"\n"
            try await withGateway(limited, workers: 2) { gateway in
                for _ in 0..<2 {
                    #expect(try await gateway.get("/").status == 200)
                    try await gateway.reload(limited)
                }
                #expect(try await gateway.get("/").status == 200)
                #expect(try await gateway.get("/").status == 429)
            }
        }

        @Test func `a refused configuration changes nothing`() async throws {
            try await withGateway(Self.responding("old")) { gateway in
                let runtime = try #require(gateway.server.runtime)
                let wrong = Self.responding("new") + "[routes.rate_limit]\nlimit = \"0/minute\"\n"
                await #expect(throws: ConfigurationErrors.self) { try await gateway.reload(wrong) }
                let error = await #expect(throws: ConfigurationErrors.self) { try await gateway.reload("") }
                #expect(error?.errors.first?.key == "routes")
                #expect(try await gateway.get("/").text == "old")
                #expect(runtime.status.reloads.lastError?.contains("routes") == true)
                try await gateway.reload(Self.responding("new"))
                #expect(try await gateway.get("/").text == "new")
                #expect(runtime.status.reloads.lastError == nil)
            }
        }

        @Test func `what needs a restart is a warning and stays as it is`() async throws {
            try await withGateway(Self.responding("old")) { gateway in
                let warnings = try await gateway.reload(Self.responding("new")) {
                    $0.server.workers = .count(7)
                    $0.metrics.seriesLimit = 5
                }
                #expect(warnings.map(\.key) == ["server.workers", "metrics.series_limit"])
                #expect(try await gateway.get("/").text == "new")
                #expect(gateway.server.runtime?.configuration.server.workers == .count(1))
            }
        }

        @Test func `new limits apply to connections that are open`() async throws {
            try await withGateway(Self.responding("ok")) { gateway in
                let client = try await gateway.connect()
                defer { client.close() }
                #expect(try await Self.get(from: client).status == 200)
                try await gateway.reload(Self.responding("ok")) { $0.server.limits.requestLine = .bytes(64) }
                #expect(try await Self.get("/" + String(repeating: "a", count: 100), from: client).status == 414)
            }
        }

        @Test func `a gateway that shuts down keeps its configuration, one that drains on request does not`()
            async throws
        {
            try await withGateway(Self.responding("old")) { gateway in
                let runtime = try #require(gateway.server.runtime)
                runtime.startDrain()
                try await gateway.reload(Self.responding("new"))
                #expect(try await gateway.get("/").text == "new")
                runtime.endServing(isHandedOver: false)
                await #expect(throws: ConfigurationErrors.self) { try await gateway.reload(Self.responding("newer")) }
                #expect(try await gateway.get("/").text == "new")
            }
        }

        @Test func `a server that does not run yet refuses a reload`() async throws {
            let configuration = try GatewayConfiguration(toml: Self.responding("ok"), environment: [:])
            let server = try GatewayServer(configuration)
            await #expect(throws: ConfigurationErrors.self) { try await server.reload(configuration) }
        }
    }
}

/// Clients that send requests as fast as they get responses.
enum Load {
    /// Runs `body` under load, and expects that every request was answered with 200.
    static func run(clients: Int, against gateway: RunningGateway, _ body: @Sendable () async throws -> Void)
        async throws
    {
        let isOver = NIOLockedValueBox(false)
        let answered = ByteCounter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<clients {
                group.addTask {
                    let client = try await gateway.connect()
                    defer { client.close() }
                    while !isOver.withLockedValue({ $0 }) {
                        try await client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                        let response = try await client.response()
                        try #require(response.status == 200)
                        try #require(response["Connection"] == nil)
                        answered.add(1)
                    }
                }
            }
            do {
                try await body()
            } catch {
                isOver.withLockedValue { $0 = true }
                throw error
            }
            isOver.withLockedValue { $0 = true }
            try await group.waitForAll()
        }
        #expect(answered.value > clients)
    }
}
