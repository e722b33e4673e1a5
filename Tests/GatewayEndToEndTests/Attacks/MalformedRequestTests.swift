import NIOCore
import Testing

extension EndToEnd {
    /// Invalid requests are rejected, nothing after them is read, and no upstream sees any of it.
    @Suite struct MalformedRequestTests {
        private static let smuggled = Array("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

        /// The only response on a connection that then ends.
        private static func refusal(_ client: RawConnection) async throws -> Message {
            let response = try await client.response()
            let rest = try await client.rest()
            #expect(rest.text == "")
            client.close()
            return response
        }

        private static func expectRefusal(_ response: Message, of request: MalformedRequest) {
            #expect(response.status == request.status)
            #expect(response["Connection"] == "close")
            #expect(response["Content-Type"] == "application/problem+json")
            #expect(response["X-Request-ID"] != nil)
            #expect(response["Server"] == nil)
            let codes = [
                400: "bad_request", 414: "uri_too_long", 431: "headers_too_large", 501: "not_implemented",
                505: "version_not_supported",
            ]
            #expect(response.code == codes[request.status])
        }

        @Test(arguments: MalformedRequest.heads + MalformedRequest.oversized)
        func `a malformed head is rejected and the connection closes (RFC 9112 section 11.2)`(
            _ request: MalformedRequest
        ) async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(bytes: request.bytes + Self.smuggled)
                Self.expectRefusal(try await Self.refusal(client), of: request)
                #expect(upstream.connections == 0)
            }
        }

        @Test(arguments: MalformedRequest.bodies)
        func `a malformed body never ends at the upstream, and the connection closes (RFC 9112 section 7.1)`(
            _ request: MalformedRequest
        ) async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(bytes: request.bytes + Self.smuggled)
                Self.expectRefusal(try await Self.refusal(client), of: request)
                try await eventually("the upstream connection is closed") { upstream.openConnections == 0 }
                #expect(upstream.requests.isEmpty)
            }
        }

        /// One connection per split position, so only short requests. `SegmentationTests` splits at every position.
        @Test(arguments: MalformedRequest.heads.filter { $0.bytes.count < 120 })
        func `a malformed head is rejected wherever it is split`(_ request: MalformedRequest) async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                for position in Thoroughness.splits(of: request.bytes.count, few: 4) {
                    let client = try await gateway.connect()
                    try? await client.send(request.bytes + Self.smuggled, splitAt: [position])
                    let response = try await Self.refusal(client)
                    #expect(response.status == request.status, "split at \(position)")
                }
                #expect(upstream.connections == 0)
            }
        }

        @Test(arguments: MalformedRequest.bodies.filter { $0.bytes.count < 120 })
        func `a malformed body is rejected wherever it is split`(_ request: MalformedRequest) async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                for position in Thoroughness.splits(of: request.bytes.count, few: 4) {
                    let client = try await gateway.connect()
                    try? await client.send(request.bytes + Self.smuggled, splitAt: [position])
                    let response = try await Self.refusal(client)
                    #expect(response.status == request.status, "split at \(position)")
                }
                #expect(upstream.requests.isEmpty)
            }
        }

        @Test func `responses before a malformed request are delivered`() async throws {
            try await withProxy(serving { ok($0.target) }) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(
                    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n"
                )
                #expect(try await client.response().text == "/1")
                #expect(try await client.response().text == "/2")
                #expect(try await Self.refusal(client).status == 400)
                #expect(upstream.requests.map(\.target) == ["/1", "/2"])
            }
        }

        @Test func `a malformed body after the response has begun closes the connection`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                _ = try await client.text(through: "abc")
                try await client.send("xyz\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
                let rest = try await client.rest()
                #expect(rest.text == "")
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
            }
        }

        @Test(arguments: [
            "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "get /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /x HTTP/1.1\r\nhost:a\r\n\r\n", "GET /x HTTP/1.1\r\nHOST: \t a \t \r\n\r\n",
            "GET /x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nA:\r\nB: \r\n\r\n",
            "GET /x HTTP/1.1\r\nHost: a\r\nA: \"b, c\"; d\r\n\r\n", "GET /x HTTP/1.2\r\nHost: a\r\n\r\n",
            "GET /x HTTP/1.9\r\nHost: a\r\n\r\n", "!#$%&'*+-.^_`|~ /x HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;a;b=\"c d\"\r\nabc\r\n000\r\n\r\n",
        ])
        func `unusual but valid requests pass, wherever they are split`(_ request: String) async throws {
            try await withProxy(serving { ok($0.target) }) { gateway, upstream in
                let client = try await gateway.connect()
                let bytes = Array(request.utf8)
                let positions = [0] + Thoroughness.splits(of: bytes.count, few: 6)
                for position in positions {
                    try await client.send(bytes, splitAt: [position])
                    let response = try await client.response()
                    #expect(response.text == "/x", "split at \(position)")
                }
                #expect(upstream.requests.count == positions.count)
                client.close()
            }
        }
    }
}
