import NIOCore
import Testing

extension EndToEnd {
    /// HTTP/2 from clients, with prior knowledge, frame by frame.
    @Suite struct HTTP2Tests {
        private static let toml = "[upstreams.u]\ntargets = [\"%\"]\n[[routes]]\npath = \"/*\"\nupstream = \"u\"\n"

        private static func withClient<R>(
            _ script: @escaping ScriptedUpstream.Script,
            toml: String = "",
            settings: [UInt8] = [],
            _ body: (FrameClient, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withUpstream(script) { upstream in
                try await withGateway(toml + Self.toml.replacing("%", with: upstream.url)) { gateway in
                    let client = try await FrameClient.connect(to: gateway, settings: settings)
                    defer { client.close() }
                    return try await body(client, upstream)
                }
            }
        }

        /// Answers each request with its body.
        private static let echo: ScriptedUpstream.Script = { session in
            try await session.serve { "HTTP/1.1 200 OK\r\nContent-Length: \($0.body.count)\r\n\r\n\($0.text)" }
        }

        @Test func `a request goes upstream as HTTP 1, and its answer comes back`() async throws {
            try await Self.withClient(Self.echo) { client, upstream in
                let fields = FrameClient.request(
                    "POST",
                    "/a?b",
                    ("cookie", "a=1"),
                    ("cookie", "b=2"),
                    ("te", "trailers")
                )
                try await client.send(client.headers(fields, endsStream: false))
                try await client.send(FrameClient.frame(FrameClient.data, on: 1, payload: Array("abc".utf8)))
                try await client.send(FrameClient.frame(FrameClient.data, 9, on: 1, payload: [2, 100, 101, 0, 0]))
                let answer = try await client.answer()
                #expect(answer.status == 200 && answer.body == "abcde")
                #expect(answer.fields.contains { $0.hasPrefix("date: ") })
                let request = try #require(upstream.requests.first)
                #expect(request.startLine == "POST /a?b HTTP/1.1")
                #expect(request["Host"] == "a.example" && request["Cookie"] == "a=1; b=2" && request.isChunked)
                #expect(request["Via"] == "2 gateway" && request["TE"] == "trailers")
            }
        }

        @Test func `streams are answered in the order of their responses`() async throws {
            let gate = Signal()
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { request in
                    if request.target == "/slow" { try await gate.wait() }
                    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                }
            }
            try await Self.withClient(script) { client, _ in
                try await client.send(client.headers(FrameClient.request("GET", "/slow"), on: 1))
                #expect(try await client.exchange(FrameClient.request("GET", "/fast"), on: 3).body == "ok")
                gate.fire()
                #expect(try await client.answer(on: 1).body == "ok")
            }
        }

        @Test func `trailers and interim responses pass`() async throws {
            let response =
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                + "Trailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n"
            let script: ScriptedUpstream.Script = { try await $0.serve { _ in response } }
            try await Self.withClient(script) { client, upstream in
                try await client.send(client.headers(FrameClient.request("POST"), endsStream: false))
                try await client.send(FrameClient.frame(FrameClient.data, on: 1, payload: [97]))
                try await client.send(client.headers([("x-check", "9")]))
                let answer = try await client.answer()
                #expect(answer.interim == [103] && answer.body == "abc" && answer.trailers == ["x-sum: 7"])
                let request = try #require(upstream.requests.first)
                #expect(request.text == "a" && request.trailers.map(\.value) == ["9"])
            }
        }

        @Test func `an answer without a body is one frame`() async throws {
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { _ in "HTTP/1.1 204 No Content\r\n\r\n" }
            }
            try await Self.withClient(script) { client, _ in
                try await client.send(client.headers(FrameClient.request()))
                let frame = try #require(try await client.next(FrameClient.headers))
                #expect(frame.fields.first == ":status: 204" && frame.endsStream)
            }
        }

        @Test func `an answer to HEAD keeps its length and has no body`() async throws {
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { _ in "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" }
            }
            try await Self.withClient(script) { client, _ in
                let answer = try await client.exchange(FrameClient.request("HEAD"))
                #expect(answer.fields.contains("content-length: 5") && answer.body.isEmpty && answer.reset == nil)
            }
        }

        @Test func `an answer that breaks off is reset, and never ends`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc")
            }
            try await Self.withClient(script) { client, _ in
                let answer = try await client.exchange(FrameClient.request())
                #expect(answer.status == 200 && answer.reset == 2)
            }
        }

        @Test func `an early answer ends the upload with NO_ERROR`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            }
            try await Self.withClient(script) { client, _ in
                try await client.send(client.headers(FrameClient.request("POST"), endsStream: false))
                #expect(try await client.answer().body == "ok")
                let reset = try #require(try await client.next(FrameClient.reset))
                #expect(reset.code == 0 && reset.stream == 1)
                // What was on its way is ignored.
                try await client.send(FrameClient.frame(FrameClient.data, on: 1, payload: [97]))
                try await client.send(FrameClient.frame(FrameClient.ping, payload: Array("12345678".utf8)))
                #expect(try await client.next(FrameClient.ping)?.text == "12345678")
            }
        }

        @Test func `a small window of one stream stalls that stream alone`() async throws {
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { _ in "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd" }
            }
            // SETTINGS_INITIAL_WINDOW_SIZE = 1
            try await Self.withClient(script, settings: [0, 4, 0, 0, 0, 1]) { client, _ in
                try await client.send(client.headers(FrameClient.request(), on: 1))
                #expect(try await client.next(FrameClient.data)?.text == "a")
                try await client.send(client.headers(FrameClient.request(), on: 3))
                try await client.send(
                    FrameClient.frame(FrameClient.windowUpdate, on: 3, payload: FrameClient.number(9))
                )
                #expect(try await client.answer(on: 3).body == "abcd")
                try await client.send(
                    FrameClient.frame(FrameClient.windowUpdate, on: 1, payload: FrameClient.number(9))
                )
                let last = try #require(try await client.next(FrameClient.data))
                #expect(last.text == "bcd" && last.endsStream)
            }
        }

        @Test func `a slow upstream stalls its upload, and gives the connection's window back`() async throws {
            let gate = Signal()
            let script: ScriptedUpstream.Script = { session in
                let head = try await session.connection.head()
                if head.contains("/stuck") {
                    session.connection.readSlowly()
                    try await gate.wait()
                } else {
                    try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                }
            }
            let toml = "[server.http2]\nwindow = \"64KiB\"\nconnection_window = \"64KiB\"\n"
            try await Self.withClient(script, toml: toml) { client, _ in
                defer { gate.fire() }
                // The window is wider than the default by one byte.
                _ = try await client.next(FrameClient.windowUpdate)
                let chunk = [UInt8](repeating: 97, count: 16_000)
                for stream in [UInt32(1), 3, 5, 7] {
                    try await client.send(
                        client.headers(FrameClient.request("POST", "/stuck"), on: stream, endsStream: false)
                    )
                    for _ in 0..<3 {
                        try await client.send(FrameClient.frame(FrameClient.data, on: stream, payload: chunk))
                    }
                    while let update = try await client.next(FrameClient.windowUpdate), update.stream != 0 {}
                }
                #expect(try await client.exchange(FrameClient.request("GET", "/fast"), on: 9).body == "ok")
            }
        }

        @Test func `a connection that begins with another method than the preface is HTTP 1`() async throws {
            let toml = "[[routes]]\npath = \"/*\"\nrespond = { status = 204 }\n"
            try await withGateway(toml) { gateway in
                #expect(
                    try await gateway.exchange("PRIX / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status == 204
                )
                let late = try await gateway.connect()
                defer { late.close() }
                try await late.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                #expect(try await late.response().status == 204)
                #expect(try await late.response().status == 505)
            }
        }

        @Test func `a preface may come in single bytes`() async throws {
            try await withGateway("[[routes]]\npath = \"/*\"\nrespond = { status = 204 }\n") { gateway in
                let connection = try await gateway.connect()
                defer { connection.close() }
                let bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + FrameClient.frame(FrameClient.settings)
                try await connection.send(bytes, splitAt: Array(1..<bytes.count))
                #expect(try await connection.bytes(4)[3] == FrameClient.settings)
            }
        }

        @Test func `an idle connection is told to go, and closed`() async throws {
            let toml = "[server.limits]\nkeep_alive = \"50ms\"\n"
            try await Self.withClient(Self.echo, toml: toml) { client, _ in
                #expect(try await client.exchange(FrameClient.request()).status == 200)
                let frame = try #require(try await client.next(FrameClient.goAway))
                #expect(frame.code == 0 && frame.payload.prefix(4).last == 1)
                #expect(try await client.next() == nil)
            }
        }

        @Test func `a client that takes nothing from any stream is disconnected`() async throws {
            let toml = "[server.limits]\nwrite_timeout = \"100ms\"\n"
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { _ in "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" }
            }
            // SETTINGS_INITIAL_WINDOW_SIZE = 0
            try await Self.withClient(script, toml: toml, settings: [0, 4, 0, 0, 0, 0]) { client, _ in
                try await client.send(client.headers(FrameClient.request()))
                #expect(try await client.next(FrameClient.goAway)?.code == 11)
            }
        }

        @Test func `a field block that does not end is given up`() async throws {
            let toml = "[server.limits]\nheader_timeout = \"200ms\"\n"
            try await Self.withClient(Self.echo, toml: toml) { client, upstream in
                let block = try client.block(FrameClient.request())
                try await client.send(FrameClient.frame(FrameClient.headers, 1, on: 1, payload: block))
                #expect(try await client.next(FrameClient.goAway)?.code == 11)
                #expect(upstream.connections == 0)
            }
        }

        @Test func `after the last request, the client is told to go`() async throws {
            let toml = "[server.limits]\nrequests_per_connection = 2\n"
            try await Self.withClient(Self.echo, toml: toml) { client, _ in
                #expect(try await client.exchange(FrameClient.request(), on: 1).status == 200)
                try await client.send(client.headers(FrameClient.request(), on: 3))
                var codes: [UInt32] = []
                while let frame = try await client.next() {
                    if frame.type == FrameClient.goAway { codes.append(frame.code) }
                    if frame.type == FrameClient.ping {
                        try await client.send(FrameClient.frame(FrameClient.ping, 1, payload: frame.payload))
                    }
                }
                #expect(codes == [0, 0])
            }
        }
    }
}
