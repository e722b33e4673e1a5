import Gateway
import GatewayTesting
import HTTPTypes
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// Retries of a handler in this process, on a manual clock.
struct RetryMiddlewareTests {
    private static let retryAfter = HTTPField.Name("Retry-After")!
    private static let idempotencyKey = HTTPField.Name("Idempotency-Key")!

    private static func route(_ upstream: FakeUpstream, _ settings: String, more: String = "") async throws -> TestRoute
    {
        let toml = """
            [upstreams.app]
            builtin = "in_process"
            [[routes]]
            path = "/*"
            upstream = "app"
            [routes.retry]
            \(settings)
            \(more)
            """
        return try await TestRoute(GatewayConfiguration(toml: toml, environment: [:]), upstream: upstream)
    }

    private static func unavailable(_ headers: HTTPFields = [:]) -> FakeUpstream.Answer {
        FakeUpstream.Answer(status: .serviceUnavailable, headers: headers)
    }

    /// Lets time pass until the response is complete. Returns it and how many milliseconds have passed.
    private static func answer(
        _ route: TestRoute,
        headers: HTTPFields = [:]
    ) async throws -> (answer: TestAnswer, milliseconds: Int64) {
        let begun = route.clock.unixMilliseconds
        let exchange = try await route.start(.get, "/", headers: headers)
        while !exchange.answerSoFar.isComplete {
            await route.clock.advance(by: .milliseconds(1))
            await Task.yield()
        }
        return (await exchange.answer(), route.clock.unixMilliseconds - begun)
    }

    @Test func `a handler that answers with 503, or fails, is tried again`() async throws {
        let upstream = FakeUpstream(Self.unavailable(), .failure, .init(text: "third"))
        let route = try await Self.route(upstream, "backoff = \"0s\"")
        let answer = try await route.send(.get, "/")
        #expect(answer.status == 200 && answer.text == "third")
        #expect(upstream.requests.count == 3)
        let metrics = await route.metrics()
        for reason in ["503", "reset"] {
            #expect(metrics.contains("gateway_upstream_retries_total{upstream=\"app\",reason=\"\(reason)\"} 1\n"))
        }
    }

    @Test func `the body is sent again with each try`() async throws {
        let upstream = FakeUpstream(Self.unavailable(), Self.unavailable(), .init())
        let route = try await Self.route(upstream, "backoff = \"0s\"")
        let answer = try await route.send(
            .post,
            "/",
            headers: [Self.idempotencyKey: "1"],
            body: "one ",
            "two ",
            "three"
        )
        #expect(answer.status == 200)
        #expect(upstream.requests.map(\.text) == Array(repeating: "one two three", count: 3))
    }

    @Test(arguments: ["1", "Thu, 01 Jan 2026 00:00:01 GMT"])
    func `Retry-After replaces the backoff`(value: String) async throws {
        let upstream = FakeUpstream(Self.unavailable([Self.retryAfter: value]), .init())
        let route = try await Self.route(upstream, "backoff = \"1ms\"\nmax_backoff = \"2s\"")
        let (answer, milliseconds) = try await Self.answer(route)
        #expect(answer.status == 200)
        #expect((900...1500).contains(milliseconds))
    }

    @Test func `a Retry-After above the maximum ends the tries`() async throws {
        let upstream = FakeUpstream(Self.unavailable([Self.retryAfter: "2"]), .init())
        let route = try await Self.route(upstream, "max_backoff = \"1s\"")
        let answer = try await route.send(.get, "/")
        #expect(answer.status == 503 && answer.headers[Self.retryAfter] == "2")
        #expect(upstream.requests.count == 1)
    }

    @Test func `the wait is at most the backoff`() async throws {
        let upstream = FakeUpstream(Self.unavailable(), .init())
        let route = try await Self.route(upstream, "backoff = \"100ms\"")
        let (answer, milliseconds) = try await Self.answer(route)
        #expect(answer.status == 200)
        #expect(milliseconds <= 150)
    }

    @Test func `no try begins after the total deadline`() async throws {
        let upstream = FakeUpstream(Self.unavailable([Self.retryAfter: "1"]), .init())
        let route = try await Self.route(
            upstream,
            "max_backoff = \"5s\"",
            more: "[routes.timeout]\ntotal = \"500ms\""
        )
        let answer = try await route.send(.get, "/")
        #expect(answer.status == 503)
        #expect(upstream.requests.count == 1)
    }

    @Test func `a client that leaves ends the wait`() async throws {
        let upstream = FakeUpstream(Self.unavailable([Self.retryAfter: "1"]), .init())
        let route = try await Self.route(upstream, "max_backoff = \"5s\"")
        let exchange = try await route.start(.get, "/")
        await upstream.arrived()
        await route.clock.advance(by: .milliseconds(100))
        await exchange.leave()
        await route.clock.advance(by: .seconds(5))
        #expect(await exchange.answer().status == 0)
        #expect(upstream.requests.count == 1)
    }

    @Test func `three retries per second are allowed without a budget`() async throws {
        let upstream = FakeUpstream(Self.unavailable())
        let route = try await Self.route(upstream, "attempts = 100\nbackoff = \"0s\"\nbudget = 0.0")
        for retries in [3, 0] {
            let before = upstream.requests.count
            #expect(try await route.send(.get, "/").status == 503)
            #expect(upstream.requests.count - before == 1 + retries)
        }
        let metrics = await route.metrics()
        #expect(metrics.contains("gateway_upstream_retries_total{upstream=\"app\",reason=\"503\"} 3\n"))
        #expect(metrics.contains("gateway_upstream_retries_total{upstream=\"app\",reason=\"budget_exhausted\"} 2\n"))
    }

    @Test func `a late handler is tried again after per_try`() async throws {
        let upstream = FakeUpstream(FakeUpstream.Answer().after(.seconds(30)), .init(text: "second"))
        let route = try await Self.route(upstream, "backoff = \"0s\"\nper_try = \"1s\"")
        let (answer, milliseconds) = try await Self.answer(route)
        #expect(answer.status == 200 && answer.text == "second")
        #expect((1000...1500).contains(milliseconds))
    }

    @Test(
        arguments: [
            ("attempts = -1", "attempts"), ("attempts = 101", "attempts"), ("budget = -0.1", "budget"),
            ("methods = [\"GET\", \"a b\"]", "methods"), ("methods = [\"get\"]", "methods"), ("on = [\"5xx\"]", "on"),
        ]
    )
    func `settings that make no sense are rejected`(settings: String, key: String) async throws {
        let errors = await #expect(throws: ConfigurationErrors.self) { try await Self.route(FakeUpstream(), settings) }
        #expect(errors?.errors.count == 1)
        #expect(errors?.errors.first?.key.contains("retry.\(key)") == true)
    }
}
