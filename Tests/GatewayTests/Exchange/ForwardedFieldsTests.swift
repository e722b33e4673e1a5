import GatewayHTTP
import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct ForwardedFieldsTests {
    private static func request(_ line: String, isTrusted: Bool) async throws -> [String] {
        try await WorkerFixture.run { worker in
            let exchange = try worker.exchange(
                "GET / HTTP/1.1",
                "Host: a",
                "Accept: b",
                line,
                "Connection: X-One, close",
                isTrusted: isTrusted
            )
            ForwardedFields.cleanRequest(exchange)
            return exchange.request.headers.lines
        }
    }

    @Test(arguments: [
        "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Prefix: /a", "X_Forwarded_Prefix: /a", "X-Real-IP: 6.6.6.6",
        "Forwarded: for=6.6.6.6", "X-CSP-Nonce: a", "X-Request-Timeout-Ms: 1",
    ])
    func `only a trusted peer may send forwarding fields`(line: String) async throws {
        #expect(try await Self.request(line, isTrusted: false) == ["Host: a", "Accept: b"])
        #expect(try await Self.request(line, isTrusted: true) == ["Host: a", "Accept: b", line])
    }

    @Test(arguments: [
        "x_forwarded_for: 6.6.6.6", "X-Forwarded_Host: a", "X_REAL_IP: 6.6.6.6", "X_CSP_Nonce: a",
        "X_Request-Timeout_Ms: 1", "Content_Length: 1", "Transfer_Encoding: chunked", "X_Request_ID: a",
    ])
    func `a field with underscores cannot replace one with hyphens`(line: String) async throws {
        #expect(try await Self.request(line, isTrusted: false) == ["Host: a", "Accept: b"])
        #expect(try await Self.request(line, isTrusted: true) == ["Host: a", "Accept: b"])
    }

    @Test(arguments: [
        "Client-Cert: :AA==:", "client-cert: :AA==:", "Client_Cert: :AA==:", "Client-Cert-Chain: :AA==:",
        "Client_Cert-Chain: :AA==:", "X-Client-Cert: a", "X-Client-Certificate: a", "X_Client_Cert_Subject: a",
        "X-SSL-Client-Verify: SUCCESS", "x_ssl_client_s_dn: CN=admin", "X-SSL_Client-Cert: a",
    ])
    func `no peer may send the certificate of a client, not even a trusted one`(line: String) async throws {
        #expect(try await Self.request(line, isTrusted: false) == ["Host: a", "Accept: b"])
        #expect(try await Self.request(line, isTrusted: true) == ["Host: a", "Accept: b"])
    }

    @Test(arguments: ["X-One: 1", "x-ONE: 1", "Keep-Alive: 1", "TE: trailers", "Upgrade: h2c", "Proxy-Connection: a"])
    func `hop-by-hop fields are dropped`(line: String) async throws {
        #expect(try await Self.request(line, isTrusted: true) == ["Host: a", "Accept: b"])
    }

    @Test(arguments: [
        "X-Forwarded: a", "X-Real-IPs: a", "X-Two: a", "X-Client-ID: a", "X-SSL-Client: a", "Client-Certs: a",
    ])
    func `other fields are kept`(line: String) async throws {
        #expect(try await Self.request(line, isTrusted: false) == ["Host: a", "Accept: b", line])
    }

    @Test(arguments: ["Host", "Authorization", "Cookie", "X-Forwarded-For", "X_Forwarded_Prefix", "X-Request-ID"])
    func `Connection cannot remove important fields`(name: String) async throws {
        let lines = try await WorkerFixture.run { worker in
            let field = name == "Host" ? "Accept: b" : "\(name): b"
            let exchange = try worker.exchange(
                "GET / HTTP/1.1",
                "Host: a",
                field,
                "Connection: \(name)",
                isTrusted: true
            )
            ForwardedFields.cleanRequest(exchange)
            return exchange.request.headers.lines
        }
        #expect(lines.count == 2)
    }

    @Test func `hop-by-hop fields of a response are dropped`() async throws {
        let lines = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            try exchange.respond(
                "HTTP/1.1 200 OK",
                "Connection: X-One",
                "X-One: 1",
                "Transfer-Encoding: chunked",
                "Keep-Alive: a",
                "ETag: b"
            )
            ForwardedFields.cleanResponse(exchange)
            return exchange.response.headers.lines
        }
        #expect(lines == ["ETag: b"])
    }

    @Test func `a response without a body has no length`() async throws {
        let lines = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            try exchange.respond("HTTP/1.1 204 No Content", "Content-Length: 0")
            ForwardedFields.cleanResponse(exchange)
            return exchange.response.headers.lines
        }
        #expect(lines.isEmpty)
    }

    private static func response(_ lines: [String], transforms: Bool = false) async throws -> [String] {
        try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
            var bytes = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
            var parser = ResponseParser(limits: HTTP1Limits())
            #expect(try parser.parse(&bytes, into: &exchange.response, answering: .get))
            ForwardedFields.cleanResponse(exchange)
            if transforms { exchange.driver.insertIntoResponse(Unchanging()) }
            return exchange.response.headers.lines
        }
    }

    /// RFC 9110 section 15.5.22.
    @Test(arguments: [(426, ["Upgrade: TLS/1.3"]), (200, []), (404, []), (400, [])])
    func `only a 426 keeps Upgrade`(status: Int, lines: [String]) async throws {
        let head = ["HTTP/1.1 \(status) X", "Connection: Upgrade", "Upgrade: TLS/1.3"]
        #expect(try await Self.response(head) == lines)
    }

    /// RFC 9110 section 6.6.2.
    @Test(arguments: [
        (["Trailer: X-Sum"], ["Trailer: X-Sum"]), (["Trailer: a, b", "Trailer: ,c"], ["Trailer: a, b, c"]),
        (["Trailer: Set-Cookie, X-Sum, Via"], ["Trailer: X-Sum"]), (["Trailer: Content-Length"], []),
        (["Trailer: a b, \"c\", X-Sum"], ["Trailer: X-Sum"]), (["Trailer:"], []),
        (["Connection: X-Sum", "Trailer: X-Sum, a"], ["Trailer: a"]), (["Connection: Trailer", "Trailer: a"], []),
        (["Trailer: ETag, Content-Digest"], ["Trailer: ETag, Content-Digest"]),
    ])
    func `only allowed trailers are announced`(fields: [String], lines: [String]) async throws {
        #expect(try await Self.response(["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"] + fields) == lines)
        #expect(try await Self.response(["HTTP/1.1 200 OK"] + fields) == [])
    }

    @Test func `if the body changes, trailers about the original bytes are not announced`() async throws {
        let head = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"]
        #expect(
            try await Self.response(head + ["Trailer: ETag, a, Content-Digest"], transforms: true) == ["Trailer: a"]
        )
        #expect(try await Self.response(head + ["Trailer: ETag"], transforms: true) == [])
    }

    private final class Unchanging: BodyTransform {
        let rank = BodyRank.rewrite

        func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) {
            sink.write(chunk)
            chunk.clear()
        }

        func end(to sink: inout BodySink) {}
    }
}
