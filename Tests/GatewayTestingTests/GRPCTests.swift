import Gateway
import GatewaySettings
import GatewayTesting
import HTTPTypes
import NIOCore
import Testing

/// gRPC calls on the chain, on a manual clock.
struct GRPCTests {
    private static let status = HTTPField.Name("grpc-status")!
    private static let message = HTTPField.Name("grpc-message")!
    private static let pushback = HTTPField.Name("grpc-retry-pushback-ms")!
    private static let timeout = HTTPField.Name("grpc-timeout")!
    private static let call: HTTPFields = [.contentType: "application/grpc+proto"]

    private static func route(_ upstream: FakeUpstream, _ settings: String) async throws -> TestRoute {
        let toml = """
            [upstreams.app]
            builtin = "in_process"
            [[routes]]
            name = "all"
            path = "/*"
            upstream = "app"
            \(settings)
            """
        return try await TestRoute(GatewayConfiguration(toml: toml, environment: [:]), upstream: upstream)
    }

    @Test(
        arguments: [
            (
                "respond = { status = 503, body = \"back at 5 %\\n\", headers = { Retry-After = \"5\" } }", "14",
                "back at 5 %25"
            ),
            (
                "respond = { status = 403, body = \"<p>\", headers = { Content-Type = \"text/html\" } }", "7",
                "Forbidden"
            ),
            ("ip.deny = [\"192.0.2.0/24\"]\nrespond = {}", "7", "This address may not use this route."),
            ("methods = [\"GET\"]\nrespond = {}", "12", "The method is not allowed here."),
            ("path = \"/other\"\nrespond = {}", "12", "No route takes this path."),
            ("limits.body = \"4B\"\nrespond = {}", "8", "The request body is too large."),
        ]
    ) func `an error has the form of gRPC`(settings: String, status: String, message: String) async throws {
        let path = settings.contains("path =") ? "" : "path = \"/*\"\n"
        let toml = "[[routes]]\nname = \"all\"\n\(path)\(settings)\n"
        let route = try await TestRoute(GatewayConfiguration(toml: toml, environment: [:]))
        let length = HTTPField(name: .contentLength, value: "5")
        let answer = try await route.send(.post, "/s/M", headers: Self.call + [length], body: "12345")
        #expect(answer.status == 200 && answer.text.isEmpty && answer.isComplete)
        #expect(answer.headers[Self.status] == status)
        #expect(answer.headers[Self.message]?.hasPrefix(message) == true)
        #expect(answer.headers[.contentType] == "application/grpc+proto")
        #expect(answer.headers[Self.pushback] == (status == "14" ? "5000" : nil))
        let line =
            "gateway_grpc_requests_total{route=\"\(status == "12" ? "_none" : "all")\",grpc_status=\"\(status)\"} 1\n"
        #expect(await route.metrics().contains(line))
        let plain = try await route.send(.post, "/s/M", headers: [.contentType: "text/plain"] + [length], body: "12345")
        #expect(plain.status >= 400)
    }

    @Test func `an error of the upstream is replaced at once, an answer passes as it is`() async throws {
        let upstream = FakeUpstream(
            .init(status: .badGateway, headers: [.contentType: "text/html"], text: "<p>"),
            .init(headers: [.contentType: "application/grpc", Self.status: "5", Self.message: "a%20b"])
        )
        let route = try await Self.route(upstream, "")
        let replaced = try await route.send(.post, "/", headers: Self.call, body: "x")
        #expect(replaced.status == 200 && replaced.headers[Self.status] == "14")
        let passed = try await route.send(.post, "/", headers: Self.call, body: "x")
        #expect(passed.headers[Self.status] == "5" && passed.headers[Self.message] == "a%20b")
        let metrics = await route.metrics()
        for status in ["5", "14"] {
            #expect(metrics.contains("gateway_grpc_requests_total{route=\"all\",grpc_status=\"\(status)\"} 1\n"))
        }
    }

    @Test func `a stream is silent for hours unless a route limits it`() async throws {
        let upstream = FakeUpstream(.chunks("a", "b").after(.hours(5)))
        let route = try await Self.route(upstream, "")
        let exchange = try await route.start(.post, "/", headers: Self.call)
        await upstream.arrived()
        await route.clock.advance(by: .hours(4))
        #expect(exchange.answerSoFar.status == 0)
        await route.clock.advance(by: .hours(1))
        #expect(await exchange.answer().text == "ab")

        let limited = FakeUpstream(.init().after(.hours(5)))
        let strict = try await Self.route(limited, "timeout.first_byte = \"30s\"")
        let cut = try await strict.start(.post, "/", headers: Self.call)
        await limited.arrived()
        await strict.clock.advance(by: .seconds(31))
        #expect(await cut.answer().headers[Self.status] == "4")
    }

    @Test(arguments: [("2S", "30s"), ("1H", "2s")])
    func `the shorter of both deadlines holds and goes upstream`(asked: String, total: String) async throws {
        let upstream = FakeUpstream(.init().after(.hours(1)))
        let route = try await Self.route(upstream, "timeout.total = \"\(total)\"")
        let exchange = try await route.start(
            .post,
            "/",
            headers: Self.call + [HTTPField(name: Self.timeout, value: asked)]
        )
        await upstream.arrived()
        #expect(upstream.requests[0].head.headerFields[values: Self.timeout] == ["2000000u"])
        await route.clock.advance(by: .milliseconds(1990))
        #expect(exchange.answerSoFar.status == 0)
        await route.clock.advance(by: .milliseconds(200))
        #expect(await exchange.answer().headers[Self.status] == "4")
    }

    @Test func `a malformed timeout is an error`() async throws {
        let route = try await Self.route(FakeUpstream(), "")
        let answer = try await route.send(.post, "/", headers: Self.call + [HTTPField(name: Self.timeout, value: "1s")])
        #expect(answer.status == 200 && answer.headers[Self.status] == "3")
        #expect(route.upstream.requests.isEmpty)
    }

    @Test func `a body is neither limited by default nor compressed nor tagged`() async throws {
        let text = String(repeating: "x", count: 2000)
        let upstream = FakeUpstream(.init(headers: [.contentType: "text/plain"], text: text))
        let route = try await Self.route(upstream, "etag.max_body = \"1MiB\"\n[middleware.limits]\nbody = \"4B\"")
        let headers = Self.call + [HTTPField(name: .acceptEncoding, value: "gzip")]
        for method in [HTTPRequest.Method.post, .get] {
            let answer = try await route.send(method, "/", headers: headers, body: "12345")
            #expect(answer.status == 200 && answer.text == text)
            #expect(answer.headers[.contentEncoding] == nil && answer.headers[.eTag] == nil)
        }
    }

    @Test func `a call without a known status is counted as other, one that its client leaves as cancelled`()
        async throws
    {
        let upstream = FakeUpstream(.init(), .init(headers: [Self.status: "99"]), .init().after(.hours(1)))
        let route = try await Self.route(upstream, "")
        for _ in 0..<2 { _ = try await route.send(.post, "/", headers: Self.call) }
        let exchange = try await route.start(.post, "/", headers: Self.call)
        await upstream.arrived(3)
        await exchange.leave()
        let metrics = await route.metrics()
        #expect(metrics.contains("gateway_grpc_requests_total{route=\"all\",grpc_status=\"_OTHER\"} 2\n"))
        #expect(metrics.contains("gateway_grpc_requests_total{route=\"all\",grpc_status=\"1\"} 1\n"))
    }
}

extension HTTPFields {
    fileprivate static func + (left: HTTPFields, right: [HTTPField]) -> HTTPFields {
        var sum = left
        for field in right { sum.append(field) }
        return sum
    }
}
