import Gateway
import HTTPTypes
import NIOCore
import Testing

@testable import GatewayCore

@Suite(.timeLimit(.minutes(10)))
struct InProcessUpstreamTests {
    // MARK: Requests

    @Test func `a handler receives the request as an upstream would`() async throws {
        let answer = try await InProcessGateway(stripPrefix: "/api") { request in
            let head = request.head
            let seen = [
                head.method.rawValue, head.scheme ?? "-", head.authority ?? "-", head.path ?? "-",
                head.headerFields[values: HTTPField.Name("X-A") ?? .accept].joined(separator: "+"),
                head.headerFields[.connection] ?? "-", request.clientAddress,
                request.requestID == head.headerFields[HTTPField.Name("X-Request-ID") ?? .accept] ? "id" : "no id",
            ]
            return AsyncResponse(contentType: "text/plain", text: seen.joined(separator: "|"))
        }.run { try await $0.answer("PATCH /api/x%20y?q=1", "X-A: 1", "x-a: 2") }
        #expect(answer.hasSuffix("\r\n\r\nPATCH|http|a.example|/x%20y?q=1|1+2|-|127.0.0.1|id"))
    }

    @Test func `trailers are available after the body`() async throws {
        let answer = try await InProcessGateway { request in
            var size = 0
            for try await chunk in request.body { size += chunk.readableBytes }
            let sum = await request.body.trailers[HTTPField.Name("X-Sum") ?? .accept] ?? "none"
            return AsyncResponse(contentType: "text/plain", text: "\(size) \(sum)")
        }.run { gateway in
            try await gateway.answer(
                "POST /",
                "Transfer-Encoding: chunked",
                body: "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 9\r\n\r\n"
            )
        }
        #expect(answer.hasSuffix("\r\n\r\n5 9"))
    }

    @Test func `the client receives 100 Continue when the handler reads the body`() async throws {
        let answer = try await InProcessGateway { request in
            if request.head.path == "/refuse" { return AsyncResponse(status: .forbidden) }
            let body = try await request.body.collect(upTo: 100)
            return AsyncResponse(contentType: "text/plain", text: String(buffer: body))
        }.run { gateway in
            try await gateway.connect { client in
                let fields = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
                try await client.send("POST /take HTTP/1.1\r\n" + fields)
                var heads = [try await client.head()]
                try await client.send("body")
                heads.append(try await client.head() + client.text(through: "body"))
                try await client.send("POST /refuse HTTP/1.1\r\n" + fields)
                heads.append(try await client.head())
                return heads
            }
        }
        #expect(answer[0].hasPrefix("HTTP/1.1 100 "))
        #expect(answer[1].hasPrefix("HTTP/1.1 200 "))
        #expect(answer[2].hasPrefix("HTTP/1.1 403 "))
    }

    // MARK: Framing

    struct Framing: Sendable, CustomTestStringConvertible {
        let request: String
        let response: AsyncResponse
        let length: String?
        let body: String
        var testDescription: String { "\(self.request) → \(self.response.head.status.code)" }
    }

    static let stream = AsyncBody.stream { try await $0.write(ByteBuffer(string: "abc")) }

    @Test(arguments: [
        Framing(request: "GET /", response: .init(status: .ok), length: "0", body: ""),
        Framing(request: "GET /", response: .init(status: .noContent), length: nil, body: ""),
        Framing(
            request: "GET /",
            response: .init(status: .noContent, body: .bytes(ByteBuffer(string: "x"))),
            length: nil,
            body: ""
        ),
        Framing(request: "GET /", response: .init(status: .notModified, body: stream), length: nil, body: ""),
        Framing(
            request: "GET /",
            response: .init(contentType: "text/plain", text: "four"),
            length: "4",
            body: "four"
        ),
        Framing(
            request: "HEAD /",
            response: .init(contentType: "text/plain", text: "four"),
            length: "4",
            body: ""
        ),
        Framing(
            request: "HEAD /",
            response: .init(status: .ok, headers: [.contentLength: "7"]),
            length: "7",
            body: ""
        ),
        Framing(
            request: "GET /",
            response: .init(status: .ok, headers: [.contentLength: "3"], body: stream),
            length: "3",
            body: "abc"
        ),
        Framing(
            request: "GET /",
            response: .init(status: .ok, body: stream),
            length: nil,
            body: "3\r\nabc\r\n0\r\n\r\n"
        ),
        Framing(
            request: "GET /",
            response: .init(
                status: .ok,
                headers: [.transferEncoding: "gzip", .connection: "x"],
                body: .bytes(ByteBuffer(string: "x"))
            ),
            length: "1",
            body: "x"
        ),
    ])
    func `a response is framed according to the handler's body`(_ framing: Framing) async throws {
        let answer = try await InProcessGateway { _ in framing.response }.run { try await $0.answer(framing.request) }
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\r\n")
        let length = lines.first { $0.hasPrefix("Content-Length: ") }.map { String($0.dropFirst(16)) }
        #expect(lines[0].hasPrefix("HTTP/1.1 \(framing.response.head.status.code) "))
        #expect(length == framing.length)
        #expect(lines.contains("Transfer-Encoding: chunked") == framing.body.hasPrefix("3\r\n"))
        #expect(!lines.contains("Connection: x"))
        #expect(parts[1] == framing.body)
    }

    // MARK: Faults

    struct Fault: Error {}

    @Test func `a handler that throws is a 502 without details`() async throws {
        let answer = try await InProcessGateway { _ in throw Fault() }.run { try await $0.answer("GET /") }
        #expect(answer.hasPrefix("HTTP/1.1 502 "))
        #expect(answer.contains("\"code\":\"upstream_reset\""))
        #expect(!answer.contains("Fault"))
    }

    @Test(arguments: [
        AsyncResponse(status: HTTPResponse.Status(code: 101)),
        AsyncResponse(status: HTTPResponse.Status(code: 600)),
        AsyncResponse(status: .ok, headers: [.contentLength: "-1"], body: stream),
        AsyncResponse(status: .ok, headers: [.contentLength: "3, 3"], body: stream),
    ])
    func `a response that cannot be sent is a 502`(_ response: GatewayCore.AsyncResponse) async throws {
        let answer = try await InProcessGateway { _ in response }.run { try await $0.answer("GET /") }
        #expect(answer.hasPrefix("HTTP/1.1 502 "))
        #expect(answer.contains("\"code\":\"upstream_invalid_response\""))
    }

    @Test(arguments: [nil, "2", "10"])
    func `a body that fails or does not match its length is cut off`(_ length: String?) async throws {
        var response = AsyncResponse(
            status: .ok,
            body: .stream { writer in
                try await writer.write(ByteBuffer(string: "xyz"))
                if length == nil { throw Fault() }
            }
        )
        response.head.headerFields[.contentLength] = length
        let answer = try await InProcessGateway { [response] _ in response }.run { try await $0.answer("GET /") }
        #expect(!answer.hasSuffix("0\r\n\r\n"))
        if length == "2" { #expect(!answer.contains("xyz")) }
    }
}
