import Gateway
import NIOCore
import Testing

extension EndToEnd {
    /// How many client connections there may be, and for how long.
    @Suite struct ConnectionLimitTests {
        private static let answering: ScriptedUpstream.Script = serving { _ in ok("x") }

        @Test func `an idle connection closes after keep_alive`() async throws {
            try await withProxy(Self.answering, limits: "keep_alive = \"300ms\"") { gateway, _ in
                let fresh = try await gateway.connect()
                let used = try await gateway.connect()
                try await used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await used.response().text == "x")
                for client in [fresh, used] {
                    let (text, end) = try await client.rest()
                    #expect(text == "")
                    #expect(end == .finished)
                }
            }
        }

        @Test func `over connections a client gets 503, and closed connections free their permits`() async throws {
            try await withProxy(Self.answering, limits: "connections = 3") { gateway, _ in
                var clients: [RawConnection] = []
                for _ in 0..<3 {
                    let client = try await gateway.connect()
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response().status == 200)
                    clients.append(client)
                }
                let refused = try await gateway.connect()
                let response = try await refused.response()
                #expect(response.status == 503)
                #expect(response.code == "overloaded")
                #expect(response["Retry-After"] == "1")
                #expect(response["Content-Type"] == "application/problem+json")
                #expect(response["Cache-Control"] == "no-store")
                #expect(response["Proxy-Status"]?.hasPrefix("gateway; error=") == true)
                #expect(response["Connection"] == "close")
                let id = try #require(response["X-Request-ID"])
                #expect(response.text.contains("\"request_id\":\"\(id)\""))
                #expect(try await refused.rest().text == "")
                clients.removeLast().close()
                // The permit is released once the gateway has seen the client leave.
                for attempt in 0... {
                    let client = try await gateway.connect()
                    try? await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let status = (try? await client.response())?.status
                    client.close()
                    if status == 200 { break }
                    try #require(attempt < 1000)
                }
                for client in clients { client.close() }
            }
        }

        @Test func `a client that does not read is cut off after write_timeout, with its upstream connection`()
            async throws
        {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\n\r\n")
                let piece = [UInt8](repeating: 0x78, count: 65_536)
                while true { try await session.connection.send(bytes: piece) }
            }
            try await withProxy(script, limits: "write_timeout = \"300ms\"", buffers: 65_536) { gateway, upstream in
                let client = try await gateway.connect(buffers: 16_384)
                client.readSlowly()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("the upstream is used") { upstream.connections == 1 }
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                client.close()
            }
        }

        @Test func `a client that reads slowly is not cut`() async throws {
            let body = String(repeating: "y", count: 400_000)
            try await withProxy(
                serving { _ in ok(body) },
                limits: "write_timeout = \"400ms\"",
                buffers: 65_536
            ) { gateway, _ in
                let client = try await gateway.connect(buffers: 8192)
                client.readSlowly()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                var count = 0
                while let some = try await client.some() {
                    count += some.readableBytes
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(count > body.utf8.count)
            }
        }

        @Test func `a client that leaves cancels its upstream request`() async throws {
            let script: ScriptedUpstream.Script = { session in
                let request = try await session.request()
                if request.target == "/body" {
                    try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nabc")
                }
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, upstream in
                for (number, target) in ["/", "/body", "/"].enumerated() {
                    let client = try await gateway.connect()
                    try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                    if target == "/body" { _ = try await client.text(through: "abc") }
                    try await eventually("the request has reached the upstream") {
                        upstream.requests.count == number + 1
                    }
                    if number == 0 { client.close() } else { try await client.reset() }
                    try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                }
            }
        }

        @Test func `a client that leaves during its body never ends the upstream's request`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                let rest = try await session.connection.rest()
                #expect(rest.text == "3\r\nabc\r\n")
            }
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                try await eventually("the body has reached the upstream") { upstream.receivedBytes > 8 }
                client.close()
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
            }
        }
    }
}
