import Gateway
import NIOCore
import Testing

extension EndToEnd {
    /// Clients that end sending before they have their answer.
    @Suite struct HalfCloseTests {
        @Test(arguments: [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ])
        func `who has sent a whole request gets the answer, and then the connection ends`(request: String) async throws
        {
            let go = Signal()
            let script: ScriptedUpstream.Script = serving { request in
                try await go.wait()
                return ok("\(request.method) \(request.text)")
            }
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(request)
                try await client.finishSending()
                let interim = try await client.response()
                #expect(interim.status == 100)
                #expect(interim.fields.isEmpty)
                go.fire()
                let response = try await client.response()
                #expect(response.text == (request.hasPrefix("GET") ? "GET " : "POST abc"))
                #expect(response["Connection"] == "close")
                let (text, end) = try await client.rest()
                #expect(text == "")
                #expect(end == .finished)
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `every request that was sent before is answered, in order`() async throws {
            try await withProxy(serving { ok($0.target) }) { gateway, _ in
                let client = try await gateway.connect()
                let requests = (1...5).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
                try await client.send(requests.joined())
                try await client.finishSending()
                for number in 1...5 {
                    let response = try await client.finalResponse()
                    #expect(response.text == "/\(number)")
                }
                let (text, end) = try await client.rest()
                #expect(text == "")
                #expect(end == .finished)
            }
        }

        @Test func `bodies in both directions are whole, however slowly they are read`() async throws {
            let size = 3_000_000
            let go = Signal()
            let script: ScriptedUpstream.Script = { session in
                session.connection.readSlowly(ahead: 65_536)
                _ = try await session.connection.head()
                try await go.wait()
                var count = 0
                while count < size { count += try await session.connection.some()?.readableBytes ?? size }
                try await session.send(ok(String(repeating: "y", count: count)))
            }
            try await withProxy(script, buffers: 65_536) { gateway, upstream in
                let client = try await gateway.connect(buffers: 65_536)
                client.readSlowly(ahead: 65_536)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
                async let sent: Void = client.send(String(repeating: "x", count: size))
                try await eventually("the upstream has the head") { upstream.connections == 1 }
                go.fire()
                try await sent
                try await client.finishSending()
                while try await !client.head().hasPrefix("HTTP/1.1 200") {}
                var count = 0
                while let piece = try await client.some() { count += piece.readableBytes }
                #expect(count == size)
            }
        }

        @Test func `an answer that is taken later than a client is asked whether it is there is whole`() async throws {
            let size = 8_000_000
            let script: ScriptedUpstream.Script = serving { _ in ok(String(repeating: "y", count: size)) }
            try await withProxy(script) { gateway, _ in
                let client = try await gateway.connect(buffers: 65_536)
                client.readSlowly(ahead: 65_536)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.finishSending()
                while try await !client.head().hasPrefix("HTTP/1.1 200") {}
                let later = ContinuousClock.now + .milliseconds(400)
                try await eventually("it is later") { ContinuousClock.now > later }
                var count = 0
                while let piece = try await client.some() { count += piece.readableBytes }
                #expect(count == size)
            }
        }

        @Test func `an answer of the gateway's own is whole`() async throws {
            let body = String(repeating: "0123456789", count: 300)
            let route = "[[routes]]\npath = \"/*\"\nrespond = { body = \"\(body)\" }\n"
            try await withGateway(route) { gateway in
                for version in ["1.0", "1.1"] {
                    let client = try await gateway.connect()
                    try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
                    try await client.finishSending()
                    let response = try await client.finalResponse()
                    #expect(response.text == body)
                    let rest = try await client.rest().text
                    #expect(rest == "")
                }
            }
        }

        @Test(arguments: ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: a\r\n"])
        func `without a whole request there is nothing to wait for`(begun: String) async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + begun)
                try await client.finishSending()
                let status = try await client.finalResponse().status
                #expect(status == 200)
                let (text, end) = try await client.rest()
                #expect(text == "")
                #expect(end == .finished)
                #expect(upstream.requests.count == 1)
            }
        }

        @Test(arguments: ["Content-Length: 4\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"])
        func `a body that breaks off so never ends the upstream's request`(body: String) async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                let rest = try await session.connection.rest()
                #expect(!rest.text.contains("0\r\n\r\n"))
            }
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\n" + body)
                try await eventually("the body is upstream") { upstream.receivedBytes > 2 }
                try await client.finishSending()
                try await eventually("the upstream is left") { upstream.openConnections == 0 }
                let text = try await client.rest().text
                #expect(!text.contains("200"))
            }
        }

        /// Whoever cannot be asked is taken to have left: HTTP/1.0 knows no interim responses, and a stream of events may
        /// have none for long.
        @Test(arguments: ["1.0", "1.1"])
        func `a client that cannot be asked whether it is there takes its upstream request with it`(version: String)
            async throws
        {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                if version == "1.1" {
                    try await session.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
                }
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
                if version == "1.1" { _ = try await client.text(through: "data: 1") }
                try await eventually("the request is upstream") { upstream.requests.count == 1 }
                try await client.finishSending()
                try await eventually("the upstream is left") { upstream.openConnections == 0 }
            }
        }
    }
}
