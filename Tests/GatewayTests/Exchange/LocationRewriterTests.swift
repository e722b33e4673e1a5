import GatewayHTTP1
import Testing

@testable import Gateway

struct LocationRewriterTests {
    @Test(arguments: [
        ("/a", "", "/a"), ("/a", "/api", "/api/a"), ("//evil.example/a", "/api", "//evil.example/a"),
        ("https://elsewhere.example/a", "/api", "https://elsewhere.example/a"), ("a/b", "/api", "a/b"),
        ("", "/api", ""),
    ])
    func `puts a stripped prefix back before an absolute path`(
        location: String,
        prefix: String,
        expected: String
    ) async throws {
        let lines = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a.example")
            var forwarding = RoutePlan.Forwarding()
            forwarding.stripPrefix = try PathPrefix(prefix)
            exchange.plan = worker.plan(forwarding: forwarding)
            try exchange.respond("HTTP/1.1 302 Found", "Content-Length: 0", "Location: \(location)")
            ForwardedFields.cleanResponse(exchange)
            return exchange.response.headers.lines
        }
        #expect(lines == ["Content-Length: 0", "Location: \(expected)"])
    }
}
