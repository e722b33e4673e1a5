import Testing

extension EndToEnd {
    /// Bodies: how they are framed on both sides.
    @Suite struct MessageFramingTests {
        /// What an upstream sends, and what HTTP/1.1 and HTTP/1.0 clients receive.
        struct Answer: Sendable, CustomTestStringConvertible {
            let upstream: String
            var closes = false
            let body: String
            var isChunked = false
            var length: String?
            var testDescription: String { self.upstream.replacing("\r\n", with: "|") }
        }

        static let answers = [
            Answer(upstream: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello", length: "5"),
            Answer(upstream: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", body: "", length: "0"),
            Answer(upstream: "HTTP/1.1 200 OK\r\ncontent-length:00005\r\n\r\nhello", body: "hello", length: "5"),
            Answer(
                upstream: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
                body: "hello",
                isChunked: true
            ),
            Answer(
                upstream: "HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n0005\r\nhello\r\n0\r\n\r\n",
                body: "hello",
                isChunked: true
            ),
            Answer(
                upstream: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                body: "",
                isChunked: true
            ),
            Answer(upstream: "HTTP/1.1 200 OK\r\n\r\nhello", closes: true, body: "hello", isChunked: true),
            Answer(upstream: "HTTP/1.0 200 OK\r\n\r\nhello", closes: true, body: "hello", isChunked: true),
            Answer(upstream: "HTTP/1.0 200 OK\r\n\r\n", closes: true, body: "", isChunked: true),
            Answer(
                upstream: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                closes: true,
                body: "hello",
                length: "5"
            ),
            Answer(
                upstream: "HTTP/1.1 200\u{20}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
                closes: true,
                body: "hello",
                length: "5"
            ),
        ]

        private static func script(_ answer: Answer) -> ScriptedUpstream.Script {
            { session in
                while true {
                    _ = try await session.request()
                    try await session.send(answer.upstream)
                    if answer.closes { return }
                }
            }
        }

        @Test(arguments: answers)
        func `a response body reaches an HTTP/1.1 client completely (RFC 9112 section 6.3)`(_ answer: Answer)
            async throws
        {
            try await withProxy(Self.script(answer)) { gateway, _ in
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let response = try await client.response()
                    #expect(response.status == 200)
                    #expect(response.text == answer.body)
                    #expect(response.isChunked == answer.isChunked)
                    #expect(response["Content-Length"] == answer.length)
                    #expect(response.all("Transfer-Encoding").count == (answer.isChunked ? 1 : 0))
                }
                client.close()
            }
        }

        @Test(arguments: answers)
        func `a response body reaches an HTTP/1.0 client without chunks (RFC 9112 section 6.1)`(
            _ answer: Answer
        ) async throws {
            try await withProxy(Self.script(answer)) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let response = try await client.response()
                #expect(response.text == answer.body)
                #expect(response["Transfer-Encoding"] == nil)
                if answer.isChunked {
                    #expect(response["Connection"] == "close")
                    #expect(try await client.rest().end == .finished)
                } else {
                    #expect(response["Connection"] == "keep-alive")
                    client.close()
                }
            }
        }

        @Test(arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n",
        ])
        func `HEAD has no body, whatever the fields say (RFC 9110 section 9.3.2)`(_ answer: String) async throws {
            try await withProxy(serving { _ in answer }) { gateway, upstream in
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let response = try await client.response(toHead: true)
                    #expect(response.status == (answer.contains("404") ? 404 : 200))
                }
                // There are no bytes between the responses.
                #expect(client.inbox.pending == "")
                #expect(upstream.requests.map(\.method) == ["HEAD", "HEAD"])
                client.close()
            }
        }

        @Test(arguments: [
            ("204 No Content", ""), ("304 Not Modified", "ETag: \"x\"\r\n"),
            ("204 No Content", "Content-Length: 0\r\n"),
            ("304 Not Modified", "Content-Length: 5\r\n"), ("205 Reset Content", "Content-Length: 0\r\n"),
        ])
        func `204, 205 and 304 have no body (RFC 9110 section 15)`(_ status: String, _ fields: String) async throws {
            try await withProxy(serving { _ in "HTTP/1.1 \(status)\r\n\(fields)\r\n" }) {
                gateway,
                upstream in
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let response = try await client.response()
                    #expect(response.status == Int(status.prefix(3)))
                    #expect(response.body.isEmpty)
                    #expect(!response.isChunked)
                    if response.status == 204 { #expect(response["Content-Length"] == nil) }
                }
                #expect(upstream.connections == 1)
                client.close()
            }
        }

        @Test func `request bodies keep their framing and trailers on the way to the upstream`() async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "he", "llo")
                _ = try await client.response()
                try await client.send(
                    "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X-Sum\r\n\r\n",
                    "3\r\nhel\r\n",
                    "2\r\nlo\r",
                    "\n0\r\nX-Sum: 9\r\n",
                    "Content-Length: 3\r\n\r\n"
                )
                _ = try await client.response()
                try await client.send("POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                _ = try await client.response()
                client.close()
                let requests = upstream.requests
                #expect(requests.map(\.text) == ["hello", "hello", ""])
                #expect(requests.map { $0["Content-Length"] } == ["5", nil, "0"])
                #expect(requests.map(\.isChunked) == [false, true, false])
                #expect(requests[1].trailers.map(\.name) == ["X-Sum"])
                #expect(requests[1]["TE"] == "trailers")
            }
        }

        @Test func `the trailers of a response reach an HTTP/1.1 client (RFC 9110 section 6.5)`() async throws {
            let answer =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 9\r\n\r\n"
            try await withProxy(serving { _ in answer }) { gateway, _ in
                let response = try await gateway.get("/", "TE: trailers")
                #expect(response.trailers.map { "\($0.name)=\($0.value)" } == ["X-Sum=9"])
                let old = try await gateway.exchange("GET / HTTP/1.0\r\n\r\n")
                #expect(old.text == "a")
            }
        }

        @Test func `each chunk of a slow response is forwarded at once`() async throws {
            let next = Signal()
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", "data: 1\n\n")
                try await next.wait()
                try await session.send("data: 2\n\n")
            }
            try await withProxy(script) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.text(through: "data: 1\n\n")
                next.fire()
                _ = try await client.text(through: "data: 2\n\n")
                client.close()
            }
        }

        @Test func `each piece of a slow request is forwarded at once`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                _ = try await session.connection.text(through: "one")
                try await session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
                _ = try await session.connection.text(through: "two")
                try await session.send("3\r\ntwo\r\n0\r\n\r\n")
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "3\r\none\r\n"
                )
                _ = try await client.text(through: "one")
                try await client.send("3\r\ntwo\r\n", "0\r\n\r\n")
                _ = try await client.text(through: "0\r\n\r\n")
                client.close()
            }
        }
    }
}
