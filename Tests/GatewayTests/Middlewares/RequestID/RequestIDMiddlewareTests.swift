import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct RequestIDMiddlewareTests {
    /// The ID that is sent upstream. Differences from the ID on the response are reported.
    private static func id(
        given: String? = nil,
        isTrusted: Bool = true,
        _ configure: @escaping @Sendable (inout RequestIDMiddleware.Config) -> Void = { _ in }
    ) async throws -> String {
        try await WorkerFixture.run { worker in
            var config = RequestIDMiddleware.Config()
            configure(&config)
            let meters = RouteMeters(route: "a", shard: worker.meters)
            var context = BuildContext(route: "a", worker: worker, meters: meters)
            let middleware = RequestIDMiddleware(config, in: &context)
            let exchange = try worker.exchange(
                "GET / HTTP/1.1",
                "Host: a",
                given.map { "X-Request-ID: \($0)" } ?? "A: b"
            )
            exchange.isFromTrustedPeer = isTrusted
            _ = middleware.request(exchange)
            exchange.response.headers.clear()
            _ = middleware.response(exchange)
            let name = HeaderName("X-Request-ID")
            let sent = exchange.request.headers.first(name).map { exchange.request.headers.string($0) } ?? ""
            let answered = exchange.response.headers.first(name).map { exchange.response.headers.string($0) } ?? ""
            return sent == answered ? sent : "\(sent) differs from \(answered)"
        }
    }

    @Test(arguments: [RequestIDMiddleware.Format.uuid4, .uuid7])
    func `the UUID has the configured version`(format: RequestIDMiddleware.Format) async throws {
        let before = Platform.unixMilliseconds()
        let id = Array(try await Self.id { $0.format = format }.utf8)
        #expect(id.count == 36)
        #expect([8, 13, 18, 23].allSatisfy { id[$0] == UInt8(ascii: "-") })
        #expect(id.filter { $0 != UInt8(ascii: "-") }.allSatisfy { "0123456789abcdef".utf8.contains($0) })
        #expect(id[14] == UInt8(ascii: format == .uuid4 ? "4" : "7"))
        #expect("89ab".utf8.contains(id[19]))
        guard format == .uuid7 else { return }
        let digits = String(decoding: id[0..<8] + id[9..<13], as: UTF8.self)
        let time = try #require(Int64(digits, radix: 16))
        #expect((before...Platform.unixMilliseconds()).contains(time))
    }

    @Test(arguments: ["a", "Az09._~-", String(repeating: "x", count: 128)])
    func `a well-formed ID is accepted from trusted peers`(given: String) async throws {
        #expect(try await Self.id(given: given) == given)
        #expect(try await Self.id(given: given, isTrusted: false) != given)
        #expect(try await Self.id(given: given, isTrusted: false) { $0.accept = .always } == given)
        #expect(try await Self.id(given: given) { $0.accept = .never } != given)
    }

    @Test(arguments: ["", "a b", "a,b", "a/b", "<a>", "é", String(repeating: "x", count: 129)])
    func `a dangerous ID is replaced`(given: String) async throws {
        #expect(try await Self.id(given: given) { $0.accept = .always }.utf8.count == 36)
    }

    @Test(arguments: [("Host", []), ("a b", []), ("X-Request-ID", ["Content-Length"]), ("X-ID", ["a:b"])])
    func `unsuitable field names are rejected`(header: String, aliases: [String]) async throws {
        let problems = try await WorkerFixture.run { worker in
            let meters = RouteMeters(route: "a", shard: worker.meters)
            var context = BuildContext(route: "a", worker: worker, meters: meters)
            var config = RequestIDMiddleware.Config()
            config.header = header
            config.aliases = aliases
            _ = RequestIDMiddleware(config, in: &context)
            return context.diagnostics
        }
        #expect(problems.map(\.keys) == [aliases.isEmpty ? ["header"] : ["aliases", "0"]])
    }
}
