import Gateway
import GatewayTesting
import HTTPTypes
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// The test bench for middlewares, with a middleware of an embedding program.
struct TestRouteTests {
    private static let tenant = HTTPField.Name("X-Tenant")!

    @Test func `the middleware's rejection is the response`() async throws {
        let route = try await TestRoute(.of(Tenant.self, defaults: .init()))
        let answer = try await route.send(.get, "/users")
        #expect(answer.status == 400)
        #expect(answer.text.contains("A tenant is needed."))
        #expect(answer.isComplete)
        #expect(route.upstream.requests.isEmpty)
    }

    @Test func `the upstream receives the request as the chain changed it`() async throws {
        let route = try await TestRoute(
            .of(Tenant.self, defaults: .init()),
            upstream: FakeUpstream(.init(headers: [.contentType: "text/plain"], text: "hello"))
        )
        let answer = try await route.send(.post, "/users?a=1", headers: [Self.tenant: "acme"], body: "one ", "two")
        #expect(answer.status == 200)
        #expect(answer.text == "hello")
        #expect(answer.headers[.contentType] == "text/plain")
        let request = try #require(route.upstream.requests.first)
        #expect(request.head.path == "/users?a=1")
        #expect(request.head.headerFields[Self.tenant] == "acme")
        #expect(request.text == "one two")
    }

    @Test func `settings are read from TOML`() async throws {
        let configuration = try GatewayConfiguration(
            toml: """
                [upstreams.app]
                builtin = "in_process"
                [[routes]]
                path = "/*"
                upstream = "app"
                tenant = { header = "X-Customer" }
                """,
            environment: [:]
        )
        let route = try await TestRoute(
            configuration,
            middlewares: .standard.appending(.of(Tenant.self, defaults: .init()))
        )
        let customer = try #require(HTTPField.Name("X-Customer"))
        #expect(try await route.send(.get, "/", headers: [Self.tenant: "a"]).status == 400)
        #expect(try await route.send(.get, "/", headers: [customer: "a"]).status == 200)
    }

    @Test func `time can be advanced`() async throws {
        let upstream = FakeUpstream(.init(text: "late").after(.seconds(5)))
        let route = try await TestRoute(upstream: upstream)
        let exchange = try await route.start(.get, "/")
        await upstream.arrived()
        await route.clock.advance(by: .seconds(4))
        #expect(exchange.answerSoFar.status == 0)
        await route.clock.advance(by: .seconds(1))
        #expect(await exchange.answer().text == "late")
    }

    @Test func `the deadlines of the chain apply`() async throws {
        let upstream = FakeUpstream(.init(text: "late").after(.seconds(120)))
        let route = try await TestRoute(upstream: upstream)
        let exchange = try await route.start(.get, "/")
        await upstream.arrived()
        await route.clock.advance(by: .seconds(61))
        #expect(await exchange.answer().status == 504)
    }

    @Test func `an upstream failure cuts the response off`() async throws {
        var broken = FakeUpstream.Answer.chunks("half")
        broken.breaksOff = true
        let route = try await TestRoute(upstream: FakeUpstream(.failure, broken))
        #expect(try await route.send(.get, "/").status == 502)
        let answer = try await route.send(.get, "/")
        #expect(answer.status == 200)
        #expect(!answer.isComplete)
    }

    @Test func `the middleware's metrics are readable`() async throws {
        let route = try await TestRoute(.of(Counting.self))
        _ = try await route.send(.get, "/")
        _ = try await route.send(.get, "/")
        #expect(await route.metrics().contains(#"gateway_counting_seen_total{route="test",kind="all"} 2"#))
    }

    @Test func `an invalid metric name is reported`() async throws {
        await #expect(throws: ConfigurationErrors.self) { try await TestRoute(.of(Miscounting.self)) }
    }

    @Test func `the client can leave`() async throws {
        let upstream = FakeUpstream(.init(text: "late").after(.seconds(5)))
        let route = try await TestRoute(upstream: upstream)
        let exchange = try await route.start(.get, "/")
        await upstream.arrived()
        await exchange.leave()
        let answer = await exchange.answer()
        #expect(answer.status == 0 && !answer.isComplete)
    }
}

struct Counting: RequestHook {
    typealias Config = NoSettings
    static let name = "counting"
    private let seen: Counter
    init(_ config: Config, in context: inout BuildContext) {
        self.seen = context.counter("seen_total", help: "Requests seen.", labels: ["kind": "all"])
    }

    func request(_ exchange: Exchange) -> Decision {
        self.seen.add()
        return .next
    }
}

struct Miscounting: RequestHook {
    typealias Config = NoSettings
    static let name = "miscounting"
    init(_ config: Config, in context: inout BuildContext) { _ = context.counter("Seen", help: "Requests seen.") }
    func request(_ exchange: Exchange) -> Decision { .next }
}
