import FoundationEssentials
import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway

struct ErrorResponseTests {
    private static func make(_ error: GatewayError) async throws -> Response {
        try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET /a\"b\\c?q=1 HTTP/1.1", "Host: a", "X-ID: 42")
            exchange.requestIDRange = exchange.request.headers.first(HeaderName("X-ID")) ?? .empty
            return ErrorResponse.make(error, for: exchange)
        }
    }

    @Test func `says what went wrong as problem details`() async throws {
        let response = try await Self.make(GatewayError(.rateLimited, detail: "Say \"when\"\n.", retryAfter: 0))
        let json = try response.json
        #expect(response.status == 429)
        #expect(json["type"] == "urn:gateway:error:rate_limited")
        #expect(json["title"] == "Too Many Requests")
        #expect(json["detail"] == "Say \"when\"\n.")
        #expect(json["instance"] == "/a\"b\\c")
        #expect(json["request_id"] == "42")
        #expect(json["code"] == "rate_limited")
        #expect(response.value(of: "Retry-After") == "1")
        #expect(response.value(of: "Content-Type") == "application/problem+json")
        #expect(response.value(of: "Cache-Control") == "no-store")
        #expect(response.value(of: "Proxy-Status") == "gateway; error=http_request_denied")
    }

    @Test func `keeps the reason to itself`() async throws {
        let response = try await Self.make(GatewayError(.upstreamReset, reason: "10.0.0.1 went away"))
        #expect(!response.text.contains("10.0.0.1"))
        #expect(response.value(of: "Retry-After") == nil)
    }

    @Test(
        arguments: [(200, Method.get, "3"), (200, .head, "3"), (204, .get, nil), (304, .get, nil)]
            as [(Int, Method, String?)]
    )
    func `a local answer has a length where it may have a body`(status: Int, method: Method, length: String?) {
        var head = ResponseHead()
        head.fill(with: Response(status: status, body: ByteBuffer(string: "abc")), answering: method)
        #expect(head.headers.first(.contentLength).map { head.headers.string($0) } == length)
        #expect(head.framing == (status == 200 && method == .get ? .length(3) : .none))
    }
}
