import GatewayHTTP1
import Logging
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct ErrorsMiddlewareTests {
    /// The middleware's decision for an upstream's response whose body has been collected.
    private static func failure(
        _ body: String,
        collected: Bool = true,
        logLevel: Logger.Level = .debug
    ) async throws -> GatewayError? {
        try await WorkerFixture.run(logLevel: logLevel) { worker in
            var context = BuildContext(
                route: "a",
                worker: worker,
                meters: RouteMeters(route: "a", shard: worker.meters)
            )
            let middleware = ErrorsMiddleware(ErrorsMiddleware.Config(), in: &context)
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", "X-ID: 42")
            exchange.requestIDRange = exchange.request.headers.first(HeaderName("X-ID")) ?? .empty
            try exchange.respond("HTTP/1.1 500 X", "Content-Length: \(body.utf8.count)", "Retry-After: 3", "Server: s")
            exchange.origin = .upstream
            if collected { exchange.collected = .whole(ByteBuffer(string: body)) }
            guard case .fail(let error) = middleware.response(exchange) else { return nil }
            return error
        }
    }

    @Test func `an upstream's error keeps its status, and its body is logged at debug level`() async throws {
        let error = try #require(try await Self.failure("at 10.0.0.7"))
        #expect(error.code == .upstreamError)
        #expect(error.status == 500)
        #expect(error.fields.lines.map(\.name) == ["Retry-After"])
        #expect(error.detail == nil)
        #expect(error.reason == "request 42, upstream status 500: at 10.0.0.7")
        let long = try #require(try await Self.failure(String(repeating: "x", count: 16_000)))
        #expect((long.reason ?? "").utf8.count < 4200)
        let silent = try #require(try await Self.failure("at 10.0.0.7", logLevel: .info))
        #expect(silent.reason == nil)
    }

    @Test func `a short body is read first, so that its connection can be reused`() async throws {
        #expect(try await Self.failure("x", collected: false) == nil)
        #expect(try await Self.failure(String(repeating: "x", count: 20_000), collected: false) != nil)
    }

    @Test(
        arguments: [
            (["text"], "", ["pass", "0"]), (["a/b", "text/"], "", ["pass", "1"]),
            (["text/html; q=1"], "", ["pass", "0"]),
            (["a/x*"], "", ["pass", "0"]), (["a/*+*"], "", ["pass", "0"]), (["a/*+json", "a/*"], "", nil),
            ([], "a b", ["type_base"]),
            ([], "a\"", ["type_base"]), ([], "é", ["type_base"]), (["text/*", "*/*"], "https://e.example/#", nil),
            ([], "", nil),
        ] as [([String], String, [String]?)]
    )
    func `meaningless settings are rejected`(pass: [String], typeBase: String, keys: [String]?) async throws {
        let problems = try await WorkerFixture.run { worker in
            var context = BuildContext(
                route: "a",
                worker: worker,
                meters: RouteMeters(route: "a", shard: worker.meters)
            )
            var config = ErrorsMiddleware.Config()
            config.pass = pass
            config.typeBase = typeBase
            _ = ErrorsMiddleware(config, in: &context)
            return context.diagnostics.map(\.keys)
        }
        #expect(problems == (keys.map { [$0] } ?? []))
    }
}
