import Gateway
import NIOCore
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// Which connections are kept after a response, and the order of responses.
    @Suite struct KeepAliveTests {
        /// RFC 9112 section 9.6: if the connection closed at once, the bytes that the client still sends would cause
        /// a reset, which would discard the response.
        @Test func `a request after the last one of a connection does not cost that one its response`() async throws {
            let body = String(repeating: "b", count: 300_000)
            try await withProxy(serving { _ in ok(body) }, limits: "requests_per_connection = 1") { gateway, upstream in
                let client = try await gateway.connect(buffers: 64 << 10)
                defer { client.close() }
                client.readSlowly(ahead: 4_096)
                try await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("the response has begun") { client.inbox.total > 0 }
                for _ in 0..<3 { try await client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n") }
                var text = ""
                while let piece = try await client.some() { text += String(buffer: piece) }
                #expect(text.contains("\r\nConnection: close\r\n"))
                #expect(text.hasSuffix("\r\n\r\n" + body))
                #expect(upstream.requests.map(\.target) == ["/1"])
            }
        }

        /// Between two requests, a client may still have responses to read. Those are covered by `write_timeout`.
        @Test func `keep_alive does not close a connection whose responses have not been read yet`() async throws {
            // The responses are ready at once and exceed the socket buffers: some wait to be written while no request
            // is open.
            let count = 1_000
            let body = String(repeating: "b", count: 8 << 10)
            let toml = """
                [server.limits]
                keep_alive = "300ms"
                [[routes]]
                path = "/*"
                respond = { body = "\(body)" }
                """
            try await withGateway(toml) { gateway in
                let client = try await gateway.connect(buffers: 64 << 10)
                defer { client.close() }
                client.readSlowly()
                // Reads have sizes that are powers of two, so each ends exactly after a request.
                let request = "GET /\(String(repeating: "p", count: 37)) HTTP/1.1\r\nHost: a\r\n\r\n"
                try #require(request.utf8.count == 64)
                try await client.send(String(repeating: request, count: count))
                try await eventually("the first responses have arrived") { client.inbox.total > 0 }
                // Each of these connections lasts exactly as long as `keep_alive`.
                for _ in 0..<3 {
                    let silent = try await gateway.connect()
                    _ = try await silent.rest()
                    silent.close()
                }
                client.readSlowly(ahead: .max)
                for _ in 0..<count { try #require(try await client.response().text == body) }
            }
        }

        private static func proxyEcho<R>(
            limits: String = "",
            _ body: (RunningGateway, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withProxy(serving { ok($0.target) }, limits: limits, body)
        }

        @Test func `a connection serves one request after another (RFC 9112 section 9.3)`() async throws {
            try await Self.proxyEcho { gateway, upstream in
                let client = try await gateway.connect()
                for number in 0..<5 {
                    try await client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                    let response = try await client.response()
                    #expect(response.text == "/\(number)")
                    #expect(response["Connection"] == nil)
                }
                #expect(upstream.connections == 1)
                client.close()
            }
        }

        @Test(arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close"),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, CLOSE\r\n\r\n", "close"),
            ("GET / HTTP/1.0\r\n\r\n", "close"),
            ("GET / HTTP/1.0\r\nHost: a\r\nConnection: close\r\n\r\n", "close"),
        ])
        func `the connection closes for Connection close or HTTP/1.0`(_ request: String, _ connection: String)
            async throws
        {
            try await Self.proxyEcho { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(request)
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(response.text == "/")
                #expect(response["Connection"] == connection)
                let rest = try await client.rest()
                #expect(rest.text == "")
                #expect(rest.end == .finished)
            }
        }

        @Test func `an HTTP/1.0 connection is kept if the client requests it`() async throws {
            try await Self.proxyEcho { gateway, _ in
                let client = try await gateway.connect()
                for _ in 0..<3 {
                    try await client.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    let response = try await client.response()
                    #expect(response.text == "/x")
                    #expect(response["Connection"] == "keep-alive")
                }
                client.close()
            }
        }

        @Test func `pipelined requests are answered in order if one is slow (RFC 9112 section 9.3.2)`() async throws {
            let go = Signal()
            try await withProxy(
                playing { session in
                    try await session.serve { request in
                        if request.target == "/0" { try await go.wait() }
                        return ok(request.target)
                    }
                }
            ) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send((0..<10).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
                #expect(client.inbox.total == 0)
                go.fire()
                for number in 0..<10 { #expect(try await client.response().text == "/\(number)") }
                client.close()
            }
        }

        @Test func `hundreds of pipelined requests with bodies are answered in order`() async throws {
            try await withProxy(serving { ok("\($0.method) \($0.target) \($0.text)") }) { gateway, _ in
                let client = try await gateway.connect()
                let requests = (0..<300).map { number in
                    switch number % 3 {
                    case 0: "GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n"
                    case 1: "POST /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                    default:
                        "PUT /\(number) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
                    }
                }
                async let sent: Void = client.send(requests.joined())
                for number in 0..<300 {
                    let expected = ["GET /\(number) ", "POST /\(number) abc", "PUT /\(number) def"][number % 3]
                    let response = try await client.response()
                    try #require(response.text == expected)
                }
                try await sent
                client.close()
            }
        }

        @Test func `a body that arrived during the previous request is forwarded completely`() async throws {
            for count in [1, 8192, 65_536, 70_000, 300_000] {
                let go = Signal()
                let script: ScriptedUpstream.Script = { session in
                    try await session.serve { request in
                        if request.target == "/slow" { try await go.wait() }
                        return ok("\(request.body.count)")
                    }
                }
                try await withProxy(script) { gateway, upstream in
                    let client = try await gateway.connect()
                    let body = String(repeating: "b", count: count)
                    let second = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n\(body)"
                    async let sent: Void = client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n\(second)")
                    try await eventually("the first has reached the upstream") { upstream.requests.count == 1 }
                    go.fire()
                    #expect(try await client.response().text == "0")
                    #expect(try await client.response().text == "\(count)")
                    try await sent
                    client.close()
                }
            }
        }

        @Test func `one empty line before a request is ignored (RFC 9112 section 2.2)`() async throws {
            try await Self.proxyEcho { gateway, _ in
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send("\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response().text == "/x")
                }
                client.close()
            }
        }

        @Test func `the response to the last request of a connection announces the close`() async throws {
            try await Self.proxyEcho(limits: "requests_per_connection = 3") { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(String(repeating: "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", count: 5))
                #expect(try await client.response()["Connection"] == nil)
                #expect(try await client.response()["Connection"] == nil)
                #expect(try await client.response()["Connection"] == "close")
                #expect(try await client.rest().text == "")
            }
        }

        /// RFC 9112 section 2.2: old clients send a line end after a body that is not part of it.
        @Test func `an empty line after a body leaves the connection idle`() async throws {
            let limits = "keep_alive = \"20s\"\nheader_timeout = \"100ms\""
            try await withProxy(serving { ok($0.target) }, limits: limits, drainTimeout: .seconds(60)) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\n")
                #expect(try await client.response().text == "/1")
                // This takes longer than `header_timeout`.
                let slow = try await gateway.connect()
                try await slow.send("G")
                #expect(try await slow.response().status == 408)
                try await client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n\r\n")
                #expect(try await client.response().text == "/2")
                gateway.server.shutdown()
                let rest = try await client.rest()
                #expect(rest.text == "")
                #expect(rest.end == .finished)
            }
        }
    }
}
