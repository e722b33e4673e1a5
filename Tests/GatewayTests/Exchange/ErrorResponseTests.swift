import FoundationEssentials
import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

struct ErrorResponseTests {
    static func make(
        _ error: GatewayError,
        _ format: ErrorFormat = ErrorFormat(),
        accept: String = "*/*",
        path: String = "/a\"b\\c?q=1"
    ) async throws -> Response {
        try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET \(path) HTTP/1.1", "Host: a", "X-ID: 42", "Accept: \(accept)")
            exchange.plan = worker.plan(errors: format)
            exchange.requestIDRange = exchange.request.headers.first(HeaderName("X-ID")) ?? .empty
            return ErrorResponse.make(error, for: exchange)
        }
    }

    @Test func `an error is described as problem details`() async throws {
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

    @Test func `the internal reason is not sent`() async throws {
        let response = try await Self.make(GatewayError(.upstreamReset, reason: "10.0.0.1 went away"))
        #expect(!response.text.contains("10.0.0.1"))
        #expect(response.value(of: "Retry-After") == nil)
    }

    @Test func `text outside ASCII is kept, and invalid UTF-8 becomes U+FFFD`() async throws {
        let response = try await Self.make(GatewayError(.badRequest, detail: "Über 日本 🙂 \u{7F}\u{0}\t"))
        #expect(try response.json["detail"] == "Über 日本 🙂 \u{7F}\u{0}\t")
        #expect(response.text.contains("Über 日本 🙂 \\u007F\\u0000\\t"))
        var buffer = ByteBuffer()
        buffer.writeJSONEscaped([0x61, 0xFF, 0xC3, 0xA9, 0xC3, 0x22])
        #expect(String(buffer: buffer) == "a\u{FFFD}é\u{FFFD}\\\"")
    }

    @Test func `the route sets the type and Proxy-Status`() async throws {
        let format = ErrorFormat(form: .problem, typeBase: "https://errors.example/", sendsProxyStatus: false)
        let response = try await Self.make(GatewayError(.notFound), format)
        #expect(try response.json["type"] == "https://errors.example/not_found")
        #expect(response.value(of: "Proxy-Status") == nil)
        #expect(response.value(of: "Vary") == nil)
    }

    @Test func `a page escapes everything, and loads nothing`() async throws {
        let error = GatewayError(.badRequest, detail: "<script>alert('1')</script> & \"é\"\n")
        let response = try await Self.make(error, ErrorFormat(form: .html))
        #expect(response.value(of: "Content-Type") == "text/html; charset=utf-8")
        #expect(response.text.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;é&quot; "))
        #expect(response.text.contains("<h1>400 Bad Request</h1>"))
        #expect(response.text.contains("<code>bad_request</code>"))
        #expect(response.text.contains("<code>42</code>"))
        for part in ["<script", "<style", "style=", "src=", "href="] {
            #expect(!response.text.contains(part), "\(part)")
        }
        #expect(response.value(of: "Proxy-Status") == "gateway; error=http_request_error")
    }

    @Test func `plain text has the same content`() async throws {
        let response = try await Self.make(GatewayError(.rateLimited, retryAfter: 3), ErrorFormat(form: .text))
        #expect(response.value(of: "Content-Type") == "text/plain; charset=utf-8")
        #expect(
            response.text == "429 Too Many Requests\n\nToo many requests.\n\nError: rate_limited\nRequest ID: 42\n"
        )
        #expect(response.value(of: "Retry-After") == "3")
    }

    @Test(arguments: [
        ("text/html,*/*;q=0.8", "text/html; charset=utf-8"), ("application/json", "application/problem+json"),
        ("text/plain", "text/plain; charset=utf-8"), ("*/*", "application/problem+json"),
        ("image/*", "application/problem+json"),
    ])
    func `the format is negotiated by Accept and listed in Vary (RFC 9110 section 12.5.5)`(
        accept: String,
        type: String
    ) async throws {
        let response = try await Self.make(GatewayError(.notFound), ErrorFormat(form: .negotiated), accept: accept)
        #expect(response.value(of: "Content-Type") == type)
        #expect(response.value(of: "Vary") == "Accept")
    }

    @Test(arguments: [
        (["Cookie"], "Cookie, Accept"), (["accept"], "accept"), (["*"], "*"),
        (["A,b", "Accept ,c"], "A, b, Accept, c"),
    ])
    func `the Vary of an upstream is merged`(given: [String], expected: String) async throws {
        var error = GatewayError(.upstreamError)
        error.fields = PreparedFields(given.map { (HeaderName("Vary"), Array($0.utf8)) })
        let response = try await Self.make(error, ErrorFormat(form: .negotiated))
        #expect(response.fields.lines.filter { $0.name == "Vary" }.map(\.value) == [expected])
    }

    @Test func `an upstream's error keeps its status and some fields, and has no Proxy-Status`() async throws {
        var error = GatewayError(.upstreamError)
        error.status = 599
        error.fields = PreparedFields([(HeaderName("Retry-After"), Array("7".utf8))])
        let response = try await Self.make(error)
        #expect(response.status == 599)
        #expect(try response.json["title"] == "Server Error")
        #expect(try response.json["status"] == 599)
        #expect(response.value(of: "Retry-After") == "7")
        #expect(response.value(of: "Proxy-Status") == nil)
    }

    @Test(
        arguments: [(200, Method.get, "3"), (200, .head, "3"), (204, .get, nil), (304, .get, nil)]
            as [(Int, Method, String?)]
    )
    func `a local response has a length if it may have a body`(status: Int, method: GatewayHTTP.Method, length: String?)
    {
        var head = ResponseHead()
        head.fill(with: Response(status: status, body: ByteBuffer(string: "abc")), answering: method)
        #expect(head.headers.first(.contentLength).map { head.headers.string($0) } == length)
        #expect(head.framing == (status == 200 && method == .get ? .length(3) : .none))
    }
}
