import GatewayHTTP2
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayCore

extension EndToEnd {
    /// Upstreams that speak HTTP/2, frame by frame.
    @Suite struct HTTP2UpstreamTests {
        /// Answers each request with its path.
        private static let echo: @Sendable (HTTP2Frames, Int) async throws -> Void = { frames, _ in
            while true {
                let head = try await frames.head()
                try await frames.answer(head.stream, head[":path"] ?? "")
            }
        }

        // MARK: Messages

        @Test func `a request arrives as a list, and its response comes back`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                #expect(
                    head.lines.prefix(4) == [":method: GET", ":scheme: http", ":authority: a.example", ":path: /x?y"]
                )
                #expect(
                    head.endsStream && head["connection"] == nil && head["x-a"] == "b" && head["via"] == "1.1 gateway"
                )
                try await frames.send(
                    HTTP2Frames.headers(head.stream, [":status: 103", "link: </a>"]),
                    HTTP2Frames.headers(head.stream, [":status: 201", "content-length: 2", "x-c: d"]),
                    HTTP2Frames.data(head.stream, "ok", end: true)
                )
                _ = try await frames.head()
            } _: { gateway, upstream in
                let response = try await gateway.get("/x?y", "X-A: b")
                #expect(response.status == 201 && response.text == "ok" && response["x-c"] == "d")
                #expect(upstream.connections == 1)
            }
        }

        @Test func `bodies and trailers pass both ways`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                #expect(head["te"] == "trailers" && head["transfer-encoding"] == nil)
                let body = try await frames.body()
                #expect(body.text == "abcdef" && body.trailers == ["x-sum: 1"])
                try await frames.send(
                    HTTP2Frames.headers(head.stream, [":status: 200", "trailer: x-end"]),
                    HTTP2Frames.data(head.stream, "one"),
                    HTTP2Frames.data(head.stream, "two"),
                    HTTP2Frames.headers(head.stream, ["x-end: 2"], end: true)
                )
                _ = try await frames.head()
            } _: { gateway, _ in
                let response = try await gateway.exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "3\r\nabc\r\n3\r\ndef\r\n0\r\nX-Sum: 1\r\n\r\n"
                )
                #expect(response.status == 200 && response.text == "onetwo")
            }
        }

        @Test(arguments: [
            ["x-a: b"], [":status: 200", ":status: 200"], [":status: 200", "Upper: a"],
            [":status: 200", "connection: close"],
            [":status: 200", "x: a\r\ny: b"], [":status: 101"], [":status: 200", "content-length: x"],
        ])
        func `a malformed head is 502 and costs its stream alone`(lines: [String]) async throws {
            try await withHTTP2Upstream { frames, _ in
                let bad = try await frames.head()
                try await frames.send(HTTP2Frames.headers(bad.stream, lines))
                while true {
                    let frame = try await frames.next()
                    if frame.type == .reset {
                        #expect(frame.stream == bad.stream && frame.code == HTTP2ErrorCode.protocolError.rawValue)
                        break
                    }
                }
                try await Self.echo(frames, 0)
            } _: { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 502 && response.code == "upstream_invalid_response")
                #expect(try await gateway.get("/next").text == "/next")
                #expect(upstream.connections == 1)
            }
        }

        @Test func `a body longer than its length is never passed on as whole`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                try await frames.send(
                    HTTP2Frames.headers(head.stream, [":status: 200", "content-length: 2"]),
                    HTTP2Frames.data(head.stream, "abc", end: true)
                )
                _ = try await frames.head()
            } _: { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 502 && response.code == "upstream_invalid_response")
            }
        }

        /// The part of a request that does not depend on its connection.
        private static func comparable(_ lines: [String], _ body: String, _ trailers: [String]) -> [String] {
            let left = ["connection:", "transfer-encoding:", "x-request-id:", "traceparent:", "x-forwarded-port:"]
            let kept = lines.map { line in
                let colon = line.dropFirst().firstIndex(of: ":") ?? line.endIndex
                return line[..<colon].lowercased() + line[colon...]
            }
            .filter { line in !left.contains { line.hasPrefix($0) } }
            return kept + ["body: \(body)"] + trailers.map { $0.lowercased() }
        }

        @Test func `random requests arrive the same over HTTP/1 and HTTP/2`() async throws {
            let seen = NIOLockedValueBox<[[String]]>([])
            let one: ScriptedUpstream.Script = { session in
                while true {
                    let request = try await session.request()
                    var lines = [":method: \(request.method)", ":scheme: http"]
                    lines += [":authority: \(request["host"] ?? "")", ":path: \(request.target)"]
                    lines += request.fields.filter { $0.name.lowercased() != "host" }.map { "\($0.name): \($0.value)" }
                    let trailers = request.trailers.map { "\($0.name): \($0.value)" }
                    seen.withLockedValue { $0.append(Self.comparable(lines, request.text, trailers)) }
                    try await session.send(ok())
                }
            }
            var random = SeededGenerator(7)
            let requests = (0..<40).map { _ in Self.randomRequest(&random) }
            try await withProxy(one) { gateway, _ in
                for request in requests { _ = try await gateway.exchange(request) }
            }
            let expected = seen.withLockedValue { seen in
                defer { seen = [] }
                return seen
            }
            try await withHTTP2Upstream { frames, _ in
                while true {
                    let head = try await frames.head()
                    let (text, trailers) = head.endsStream ? ("", []) : try await frames.body()
                    seen.withLockedValue { $0.append(Self.comparable(head.lines, text, trailers)) }
                    try await frames.answer(head.stream, "")
                }
            } _: { gateway, _ in
                for request in requests { _ = try await gateway.exchange(request) }
            }
            #expect(seen.withLockedValue { $0 } == expected)
            #expect(expected.count == requests.count)
        }

        private static func randomRequest(_ random: inout SeededGenerator) -> String {
            let method = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PURGE"].randomElement(using: &random) ?? "GET"
            let path = ["/", "/a/b", "/a?b=c&d", "/a?", "/%C3%A4"].randomElement(using: &random) ?? "/"
            var head = "\(method) \(path) HTTP/1.1\r\nHost: a.example\r\n"
            let fields = [
                "X-One: 1", "Cookie: a=b; c=d", "Accept: */*", "x-empty:", "Authorization: Basic YTpi", "X-Two: a  b",
                "Connection: x-hop\r\nX-Hop: 1", "Keep-Alive: timeout=5", "X-One: 2", "Accept-Language: de",
            ]
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                head += (fields.randomElement(using: &random) ?? "") + "\r\n"
            }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: return head + "\r\n"
            case 1: return head + "Content-Length: 5\r\n\r\nhello"
            default: return head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n"
            }
        }

        // MARK: Streams

        @Test func `requests share a connection, which opens once`() async throws {
            try await withHTTP2Upstream { frames, _ in
                var streams: [UInt32] = []
                for _ in 0..<5 { streams.append(try await frames.head().stream) }
                for stream in streams.reversed() { try await frames.answer(stream, "\(stream)") }
                _ = try await frames.head()
            } _: { gateway, upstream in
                let bodies = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<5 { group.addTask { try await gateway.get("/").text } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(bodies.sorted() == ["1", "3", "5", "7", "9"])
                #expect(upstream.connections == 1)
            }
        }

        @Test func `the peer's limit of streams leads to another connection`() async throws {
            let both = Signal()
            try await withHTTP2Upstream([(.maxStreams, 1)]) { frames, index in
                let head = try await frames.head()
                if index == 0 { try await both.wait() } else { both.fire() }
                try await frames.answer(head.stream, "\(index)")
                _ = try await frames.head()
            } _: { gateway, upstream in
                async let one = gateway.get("/")
                async let two = gateway.get("/")
                let bodies = try await [one.text, two.text]
                #expect(Set(bodies) == ["0", "1"])
                #expect(upstream.connections == 2)
            }
        }

        @Test func `a client that leaves costs its stream alone`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let left = try await frames.head()
                try await frames.send(
                    HTTP2Frames.headers(left.stream, [":status: 200"]),
                    HTTP2Frames.data(left.stream, "x")
                )
                while true {
                    let frame = try await frames.next()
                    if frame.type == .reset {
                        #expect(frame.stream == left.stream && frame.code == HTTP2ErrorCode.cancel.rawValue)
                        break
                    }
                }
                try await Self.echo(frames, 0)
            } _: { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.text(through: "x")
                try await client.reset()
                #expect(try await gateway.get("/next").text == "/next")
                #expect(upstream.connections == 1)
            }
        }

        // MARK: Requests that are sent again

        @Test(arguments: ["GET", "POST"])
        func `a refused request is sent again on another connection`(method: String) async throws {
            try await withHTTP2Upstream { frames, index in
                let head = try await frames.head()
                guard index > 0 else {
                    try await frames.send(HTTP2Frames.reset(head.stream, .refusedStream))
                    _ = try await frames.head()
                    return
                }
                let body = head.endsStream ? "" : try await frames.body().text
                try await frames.answer(head.stream, "\(head[":method"] ?? "") \(body)")
                _ = try await frames.head()
            } _: { gateway, upstream in
                let response = try await gateway.exchange(
                    "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                )
                #expect(response.status == 200 && response.text == "\(method) abc")
                #expect(upstream.connections == 2)
            }
        }

        @Test func `a request is refused twice at most`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                try await frames.send(HTTP2Frames.reset(head.stream, .refusedStream))
                _ = try await frames.head()
            } _: { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 502)
                #expect(upstream.connections == 3)
            }
        }

        @Test func `streams above the last one of GOAWAY are sent again, and the others finish`() async throws {
            let begun = Signal()
            try await withHTTP2Upstream { frames, index in
                guard index == 0 else { return try await Self.echo(frames, index) }
                let first = try await frames.head()
                begun.fire()
                _ = try await frames.head()
                try await frames.send(HTTP2Frames.goAway(last: first.stream))
                try await frames.answer(first.stream, "first")
                // The gateway closes the connection.
                _ = try await frames.head()
            } _: { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                try await begun.wait()
                let other = try await gateway.exchange("POST /again HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                #expect(other.text == "/again")
                #expect(try await client.response().text == "first")
                #expect(upstream.connections == 2)
            }
        }

        @Test func `a whole response before RST_STREAM without an error arrives whole`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                try await frames.send(
                    HTTP2Frames.headers(head.stream, [":status: 413"]),
                    HTTP2Frames.data(head.stream, "too large", end: true),
                    HTTP2Frames.reset(head.stream, .noError)
                )
                try await Self.echo(frames, 0)
            } _: { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
                let response = try await client.finalResponse()
                #expect(response.status == 413 && response.text == "too large")
                #expect(try await gateway.get("/next").text == "/next")
                #expect(upstream.connections == 1)
            }
        }

        @Test func `a server without HTTP/2 is 502`() async throws {
            try await withUpstream {
                try await $0.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            } _: {
                server in
                let toml = proxy(to: "h2c://127.0.0.1:\(server.port)", upstream: "failover = false")
                try await withGateway(toml) { gateway in
                    let response = try await gateway.get("/")
                    #expect(response.status == 502)
                }
            }
        }
    }
}
