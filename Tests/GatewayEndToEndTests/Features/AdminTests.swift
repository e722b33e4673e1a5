import Dispatch
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewaySettings

@Suite(.timeLimit(.minutes(10)))
struct AdminTests {
    @Test(arguments: [
        ("/", "text/html; charset=utf-8"), ("/health", "application/health+json"),
        ("/health/detailed", "application/health+json"), ("/health/live", "application/json"),
        ("/health/liveness", "application/json"), ("/health/ready", "application/json"),
        ("/health/readiness", "application/json"), ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
        ("/routes", "application/json"), ("/upstreams", "application/json"), ("/config", "application/json"),
    ])
    func `each endpoint answers GET and HEAD`(path: String, type: String) async throws {
        try await withAdmin { gateway in
            let answer = try await gateway.admin("GET \(path)")
            #expect(answer.status == 200)
            #expect(answer["content-type"] == type)
            #expect(answer["cache-control"] == "no-store")
            #expect(answer["x-request-id"]?.count == 36)
            #expect(!answer.body.isEmpty)
            let head = try await gateway.admin("HEAD \(path)")
            #expect(head.status == 200)
            #expect(head["content-type"] == type)
            #expect(head.body.isEmpty)
        }
    }

    @Test func `errors are problem documents`() async throws {
        try await withAdmin { gateway in
            let missing = try await gateway.admin("GET /nowhere?x=1")
            #expect(missing.status == 404)
            #expect(missing["content-type"] == "application/problem+json")
            #expect(missing.text.contains("\"code\":\"not_found\""))
            #expect(missing.text.contains("\"instance\":\"/nowhere\""))
            let refused = try await gateway.admin("POST /health")
            #expect(refused.status == 405)
            #expect(refused["allow"] == "GET, HEAD")
            #expect(try await gateway.admin("GET /config", host: "evil.example").status == 403)
            #expect(try await gateway.admin("GET /health/live", host: "evil.example").status == 200)
        }
    }

    @Test func `the token is required`() async throws {
        try await withAdmin(with: \.admin.token, "s3cret") { gateway in
            let answer = try await gateway.admin("GET /metrics")
            #expect(answer.status == 401)
            #expect(answer["www-authenticate"] == "Bearer realm=\"gateway admin\"")
            #expect(answer["content-type"] == "application/problem+json")
            #expect(try await gateway.admin("GET /metrics", fields: "Authorization: Bearer wrong").status == 401)
            #expect(try await gateway.admin("GET /metrics", fields: "Authorization: Bearer s3cret").status == 200)
            #expect(try await gateway.admin("GET /health/ready").status == 200)
        }
    }

    @Test func `the traffic listeners serve only the endpoints in expose`() async throws {
        func configure(_ configuration: inout GatewayConfiguration) {
            configuration.admin.token = "s3cret"
            configuration.admin.expose = ["/health", "/metrics"]
            // More specific than any path of a route without a host.
            configuration.routes[0].hosts = ["127.0.0.1"]
        }
        let token = "Authorization: Bearer s3cret"
        try await withAdmin(configure) { gateway in
            #expect(try await gateway.traffic("GET /health").status == 401)
            #expect(try await gateway.traffic("GET /health", token).text.contains("\"status\":\"pass\""))
            #expect(try await gateway.traffic("GET /health/ready").text == "{\"status\":\"pass\",\"reasons\":[]}\n")
            #expect(try await gateway.traffic("HEAD /metrics", token).status == 200)
            #expect(try await gateway.traffic("GET /health//live").text == "{\"status\":\"pass\"}\n")
            for other in ["POST /health", "GET /config", "GET /routes", "GET /", "GET /healthy", "GET /health/nothing"]
            {
                #expect(try await gateway.traffic(other).text == "traffic", "\(other)")
            }
            let page = try await gateway.traffic("GET /metrics", token).text
            #expect(page.contains("gateway_http_requests_total{route=\"_admin\",method=\"GET\",code=\"200\"} 3\n"))
            #expect(page.contains("gateway_http_requests_total{route=\"_admin\",method=\"GET\",code=\"401\"} 1\n"))
        }
    }

    @Test func `requests to the traffic listeners are counted, those to the admin API are not`() async throws {
        try await withAdmin { gateway in
            _ = try await gateway.admin("GET /metrics")
            let before = try await gateway.admin("GET /metrics").text
            #expect(before.contains("gateway_http_requests_in_flight{route=\"all\"} 0\n"))
            #expect(before.contains("gateway_http_received_bytes_total{route=\"all\"} 0\n"))
            #expect(!before.contains("gateway_http_requests_total{"))
            _ = try await gateway.traffic("GET /a")
            let after = try await gateway.admin("GET /metrics").text
            #expect(after.contains("gateway_http_requests_total{route=\"all\",method=\"GET\",code=\"200\"} 1\n"))
            #expect(after.contains("process_resident_memory_bytes "))
        }
    }

    @Test func `a drain is started and taken back`() async throws {
        try await withAdmin { gateway in
            for _ in 0..<2 {
                let answer = try await gateway.admin("POST /drain")
                #expect(answer.status == 200)
                #expect(answer.text == "{\n  \"draining\": true\n}\n")
            }
            #expect(try await gateway.admin("GET /health/ready").status == 503)
            #expect(try await gateway.admin("GET /health").status == 503)
            #expect(try await gateway.traffic("GET /").text == "traffic")
            for _ in 0..<2 {
                let answer = try await gateway.admin("DELETE /drain")
                #expect(answer.status == 200)
                #expect(answer.text == "{\n  \"draining\": false\n}\n")
            }
            #expect(try await gateway.admin("GET /health/ready").status == 200)
            #expect(try await gateway.admin("GET /drain")["allow"] == "POST, DELETE")
        }
    }

    private static let promtool = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/promtool" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: promtool != nil)) func `promtool accepts a scrape`() async throws {
        try await withAdmin { gateway in
            _ = try await gateway.traffic("GET /a")
            _ = try await gateway.traffic("BREW /b")
            let page = try await gateway.admin("GET /metrics").text
            let (input, output, process) = (Pipe(), Pipe(), Process())
            process.executableURL = URL(fileURLWithPath: try #require(Self.promtool))
            process.arguments = ["check", "metrics"]
            process.standardInput = input
            process.standardOutput = output
            process.standardError = output
            try process.run()
            try input.fileHandleForWriting.write(contentsOf: Data(page.utf8))
            try input.fileHandleForWriting.close()
            let complaints = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(String(decoding: complaints, as: UTF8.self) == "")
            #expect(process.terminationStatus == 0)
        }
    }

    @Test func `ready fails while open requests finish, and the admin API answers until then`() async throws {
        let (requested, release) = (Signal(), Signal())
        let script: ScriptedUpstream.Script = { session in
            _ = try await session.request()
            requested.fire()
            try await release.wait()
            try await session.send("HTTP/1.1 204 No Content\r\n\r\n")
        }
        try await withUpstream(script) { upstream in
            let url = try #require(TargetURL(upstream.url))
            func configure(_ configuration: inout GatewayConfiguration) {
                var held = UpstreamConfiguration()
                held.targets = [TargetConfiguration(url)]
                configuration.upstreams = ["held": held]
                configuration.routes[0].respond = nil
                configuration.routes[0].upstream = "held"
            }
            try await withAdmin(configure) { gateway in
                #expect(try await gateway.admin("GET /health/ready").status == 200)
                async let open = gateway.traffic("GET /")
                try await requested.wait()
                gateway.server.shutdown()
                var ready = try await gateway.admin("GET /health/ready")
                while ready.status == 200 { ready = try await gateway.admin("GET /health/ready") }
                #expect(ready.status == 503)
                #expect(ready.text == "{\"status\":\"fail\",\"reasons\":[\"draining\"]}\n")
                #expect(try await gateway.admin("GET /health").status == 503)
                #expect(try await gateway.admin("GET /health/live").status == 200)
                #expect(try await gateway.admin("GET /metrics").status == 200)
                release.fire()
                #expect(try await open.status == 204)
            }
        }
    }

    @Test func `a client that holds connections open does not block health checks`() async throws {
        try await withAdmin { gateway in
            let address = try #require(try await gateway.server.adminAddress())
            // One connection stays in the middle of a head, the others between requests.
            var held = [try await RawConnection.connect(to: address)]
            try await held[0].send("GET /health/live HTTP/1.1\r\n")
            for _ in 0..<300 {
                let connection = try await RawConnection.connect(to: address)
                held.append(connection)
                guard held.count < 4 else { continue }
                try await connection.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await connection.response().status == 200)
            }
            for _ in 0..<3 { #expect(try await gateway.admin("GET /health/live").status == 200) }
            for connection in held { connection.close() }
        }
    }

    @Test func `the body of a write is read`() async throws {
        try await withAdmin { gateway in
            func post(_ body: String) async throws -> Message {
                let address = try #require(try await gateway.server.adminAddress())
                let connection = try await RawConnection.connect(to: address)
                defer { connection.close() }
                let length = "Content-Length: \(body.utf8.count)\r\nConnection: close"
                try await connection.send("POST /metrics/reset HTTP/1.1\r\nHost: localhost\r\n\(length)\r\n\r\n\(body)")
                return try await connection.finalResponse()
            }
            #expect(try await post("{}").status == 200)
            #expect(try await post("{").status == 400)
            let refused = try await post("{\"all\":true}")
            #expect(refused.status == 422)
            #expect(refused["content-type"] == "application/problem+json")
            #expect(refused.text.contains(#""errors":[{"field":"all","reason":"is not a known field"}]"#))
            #expect(try await post(String(repeating: " ", count: 65 * 1024)).status == 413)
        }
    }

    @Test func `without a listener there is no address`() async throws {
        try await withAdmin(with: \.admin.listen, .off) { gateway in
            let address = try await gateway.server.adminAddress()
            #expect(address == nil)
        }
    }

    @Test func `a start error contains the address in use`() async throws {
        try await withAdmin { gateway in
            var configuration = GatewayConfiguration.forTests
            let port = try #require(try await gateway.server.adminAddress()?.port)
            configuration.admin.listen = .address(.host("127.0.0.1", port: port))
            let second = try GatewayServer(configuration)
            let error = await #expect(throws: ListenError.self) { try await second.run() }
            #expect(error?.address == "127.0.0.1:\(port)")
        }
    }

    @Test func `an unresponsive event loop is detected`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let loops = Array(group.makeIterator())
        #expect(await EventLoopProbe.allRespond(loops, within: .minutes(1)))
        let hold = DispatchSemaphore(value: 0)
        loops[1].execute { hold.wait() }
        #expect(await !EventLoopProbe.allRespond(loops, within: .milliseconds(1)))
        hold.signal()
        #expect(await EventLoopProbe.allRespond(loops, within: .minutes(1)))
        try await group.shutdownGracefully()
    }
}

// MARK: - A gateway in this process

extension GatewayConfiguration {
    fileprivate static var forTests: GatewayConfiguration {
        var route = RouteConfiguration()
        route.name = "all"
        route.path = "/*"
        route.respond = RespondConfiguration(status: 200, body: "traffic")
        var configuration = GatewayConfiguration()
        configuration.server.listen = [.host("127.0.0.1", port: 0)]
        configuration.server.workers = .count(2)
        configuration.admin.listen = .address(.host("127.0.0.1", port: 0))
        configuration.log.access = .off
        configuration.routes = [route]
        return configuration
    }
}

private struct AdministeredGateway: Sendable {
    let server: GatewayServer

    func admin(_ line: String, host: String = "localhost", fields: String...) async throws -> Message {
        let address = try #require(try await self.server.adminAddress())
        return try await self.ask(line, at: address, host: host, fields)
    }

    func traffic(_ line: String, _ fields: String...) async throws -> Message {
        let address = try #require(try await self.server.boundAddresses().first)
        return try await self.ask(line, at: address, host: "127.0.0.1", fields)
    }

    private func ask(_ line: String, at address: SocketAddress, host: String, _ fields: [String]) async throws
        -> Message
    {
        let connection = try await RawConnection.connect(to: address)
        defer { connection.close() }
        let head = ["\(line) HTTP/1.1", "Host: \(host)", "Connection: close"] + fields + ["", ""]
        try await connection.send(head.joined(separator: "\r\n"))
        return try await connection.finalResponse(toHead: line.hasPrefix("HEAD "))
    }
}

private func withAdmin(
    _ configure: (inout GatewayConfiguration) -> Void = { _ in },
    _ body: (AdministeredGateway) async throws -> Void
) async throws {
    var configuration = GatewayConfiguration.forTests
    configure(&configuration)
    let server = try GatewayServer(configuration)
    let running = Task { try await server.run() }
    do {
        try await body(AdministeredGateway(server: server))
    } catch {
        server.shutdown()
        _ = await running.result
        throw error
    }
    server.shutdown()
    try await running.value
}

private func withAdmin<Value>(
    with path: WritableKeyPath<GatewayConfiguration, Value>,
    _ value: Value,
    _ body: (AdministeredGateway) async throws -> Void
) async throws {
    func configure(_ configuration: inout GatewayConfiguration) { configuration[keyPath: path] = value }
    try await withAdmin(configure, body)
}
