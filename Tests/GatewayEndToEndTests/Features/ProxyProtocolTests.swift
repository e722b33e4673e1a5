import Gateway
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// The PROXY protocol in front of the gateway and behind it.
    @Suite struct ProxyProtocolTests {
        private static let trusting = "trusted_proxies = [\"127.0.0.0/8\"]\nproxy_protocol = true"
        private static let line = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"
        private static let binary: [UInt8] =
            Array("\r\n\r\n\u{0}\r\nQUIT\n".utf8) + [0x21, 0x11, 0, 12 + 5]
            + [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x67, 1, 0xBB] + [0x04, 0, 2, 0, 0]
        private static let request = "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"

        // MARK: From proxies

        static let headers: [(bytes: [UInt8], client: String)] = [
            (Array(line.utf8), "192.0.2.7"), (binary, "192.0.2.7"),
            (Array("PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n".utf8), "2001:db8::7"),
            // The peer is trusted to name its client only if the header does not name one.
            (Array("PROXY UNKNOWN 192.0.2.7 198.51.100.1 4711 443\r\n".utf8), "203.0.113.9, 127.0.0.1"),
            (Array("\r\n\r\n\u{0}\r\nQUIT\n".utf8) + [0x20, 0x11, 0, 0], "203.0.113.9, 127.0.0.1"),
            (Array("PROXY TCP4 127.9.9.9 198.51.100.1 4711 443\r\n".utf8), "203.0.113.9, 127.9.9.9"),
        ]

        @Test(arguments: headers)
        func `the address in the header is that of the peer`(_ header: [UInt8], _ client: String) async throws {
            try await withProxy(serving { _ in ok() }, server: Self.trusting) { gateway, upstream in
                let proxy = try await gateway.connect()
                defer { proxy.close() }
                try await proxy.send(header + Array(Self.request.utf8), splitAt: [1, 5, 13, 16, 30])
                #expect(try await proxy.response().status == 200)
                try await proxy.send(Self.request)
                #expect(try await proxy.response().status == 200)
                #expect(upstream.requests.map { $0["X-Forwarded-For"] } == [client, client])
            }
        }

        @Test(arguments: [
            "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n", "\r\n\r\nx",
        ])
        func `a connection without a valid header is closed`(_ bytes: String) async throws {
            try await withProxy(serving { _ in ok() }, server: Self.trusting) { gateway, upstream in
                let proxy = try await gateway.connect()
                try await proxy.send(bytes)
                #expect(try await proxy.rest().text.isEmpty)
                #expect(upstream.connections == 0)
            }
        }

        @Test(arguments: ["", "PROXY TCP4 192.0.2.7"])
        func `a header must come in time`(_ bytes: String) async throws {
            let limits = "header_timeout = \"20ms\""
            try await withProxy(serving { _ in ok() }, server: Self.trusting, limits: limits) { gateway, _ in
                let proxy = try await gateway.connect()
                if !bytes.isEmpty { try await proxy.send(bytes) }
                #expect(try await proxy.rest().text.isEmpty)
            }
        }

        @Test func `the bytes of others are what they are`() async throws {
            let server = "trusted_proxies = [\"192.0.2.0/24\"]\nproxy_protocol = true"
            try await withProxy(serving { _ in ok() }, server: server) { gateway, upstream in
                let plain = try await gateway.exchange(Self.request)
                #expect(plain.status == 200)
                let announced = try await gateway.exchange(Self.line + Self.request)
                #expect(announced.status == 400)
                #expect(upstream.requests.map { $0["X-Forwarded-For"] } == ["127.0.0.1"])
            }
        }

        @Test func `peers on Unix sockets send headers too`() async throws {
            let path = "/tmp/gateway-proxy-\(UInt64.random(in: 0 ... .max)).sock"
            let server = "trusted_proxies = [\"unix:\"]\nproxy_protocol = true"
            try await withUpstream(serving { _ in ok() }) { upstream in
                let toml = proxy(to: upstream.url, server: server)
                try await withGateway(toml, listen: [.unix(path: path)]) { gateway in
                    let proxy = try await gateway.connect()
                    defer { proxy.close() }
                    try await proxy.send(Self.line + Self.request)
                    #expect(try await proxy.response().status == 200)
                    #expect(upstream.requests.map { $0["X-Forwarded-For"] } == ["192.0.2.7"])
                }
            }
        }

        @Test func `waiting connections count, and end with a drain`() async throws {
            let limits = "connections = 1\nheader_timeout = \"1h\""
            try await withProxy(serving { _ in ok() }, server: Self.trusting, limits: limits) { gateway, _ in
                let waiting = try await gateway.connect()
                try await waiting.send("PROXY")
                try await eventuallyAsync("the connection is counted") {
                    (try? await gateway.exchange(Self.request).status) == 503
                }
                gateway.server.shutdown()
                _ = await gateway.run.result
                #expect(try await waiting.rest().text.isEmpty)
            }
        }

        @Test func `a reload applies to new connections`() async throws {
            try await withProxy(serving { _ in ok() }, server: "trusted_proxies = [\"127.0.0.0/8\"]") {
                gateway,
                upstream in
                let before = try await gateway.connect()
                defer { before.close() }
                try await before.send(Self.request)
                _ = try await before.response()
                _ = try await gateway.reload(proxy(to: upstream.url, server: Self.trusting))
                try await before.send(Self.request)
                #expect(try await before.response().status == 200)
                let after = try await gateway.connect()
                defer { after.close() }
                try await after.send(Self.line + Self.request)
                #expect(try await after.response().status == 200)
                #expect(upstream.requests.last?["X-Forwarded-For"] == "192.0.2.7")
            }
        }

        // MARK: To upstreams

        /// Answers with the number of the connection and its first line.
        private static let announced = playing { session in
            let line = try await session.connection.text(through: "\r\n")
            try await session.serve { _ in ok("\(session.index) \(line.dropLast())") }
        }

        @Test func `connections announce their client and serve no other`() async throws {
            try await withProxy(Self.announced, upstream: "proxy_protocol = \"v1\"") { gateway, upstream in
                let first = try await gateway.connect()
                let second = try await gateway.connect()
                defer { second.close() }
                var answers: [[String]] = []
                for client in [first, second, first, second] {
                    try await client.send(Self.request)
                    answers.append(try await client.response().text.split(separator: " ").map(String.init))
                }
                #expect(answers.map(\.[0]) == ["0", "1", "0", "1"])
                #expect(answers.allSatisfy { $0[1...].starts(with: ["PROXY", "TCP4", "127.0.0.1", "127.0.0.1"]) })
                #expect(answers.allSatisfy { $0.last == "\(gateway.port)" })
                #expect(answers[0] == answers[2])
                #expect(answers[0][5] != answers[1][5])
                first.close()
                try await eventually("the client's connection closes") { upstream.openConnections == 1 }
                try await second.send(Self.request)
                #expect(try await second.response().text.hasPrefix("1 "))
            }
        }

        @Test func `each client of a trusted proxy is announced`() async throws {
            let server = "trusted_proxies = [\"127.0.0.0/8\"]"
            try await withProxy(Self.announced, server: server, upstream: "proxy_protocol = \"v1\"") { gateway, _ in
                let proxy = try await gateway.connect()
                defer { proxy.close() }
                var answers: [String] = []
                for client in ["203.0.113.9", "192.0.2.7", "203.0.113.9", "unknown"] {
                    try await proxy.send("GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: \(client)\r\n\r\n")
                    answers.append(try await proxy.response().text)
                }
                #expect(answers[0].hasPrefix("0 PROXY TCP4 203.0.113.9 127.0.0.1 0 "))
                #expect(answers[1].hasPrefix("1 PROXY TCP4 192.0.2.7 127.0.0.1 0 "))
                #expect(answers[2] == answers[0])
                #expect(answers[3] == "2 PROXY UNKNOWN")
            }
        }

        @Test func `limits apply to the connections of all clients`() async throws {
            let settings = "proxy_protocol = \"v1\"\nmax_connections = 1"
            try await withProxy(Self.announced, upstream: settings) { gateway, _ in
                let clients = [try await gateway.connect(), try await gateway.connect()]
                defer { for client in clients { client.close() } }
                for (index, client) in [clients[0], clients[1], clients[0]].enumerated() {
                    try await client.send(Self.request)
                    // The idle connection of the other client makes room.
                    #expect(try await client.response().text.hasPrefix("\(index) PROXY TCP4"))
                }
            }
        }

        @Test func `many clients share few places`() async throws {
            let settings = "proxy_protocol = \"v1\"\nmax_connections = 2\nqueue = \"10s\""
            try await withProxy(Self.announced, server: Self.trusting, upstream: settings) { gateway, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<24 {
                        group.addTask {
                            let client = try await gateway.connect()
                            defer { client.close() }
                            try await client.send("PROXY TCP4 192.0.2.\(number) 198.51.100.1 \(number) 443\r\n")
                            for _ in 0..<3 {
                                try await client.send(Self.request)
                                let response = try await client.response()
                                #expect(response.text.hasSuffix(" TCP4 192.0.2.\(number) 198.51.100.1 \(number) 443"))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }

        @Test func `a header passes through two gateways`() async throws {
            try await withProxy(serving { _ in ok() }, server: Self.trusting) { inner, upstream in
                let outer = proxy(to: inner.url, server: Self.trusting, upstream: "proxy_protocol = \"v2\"")
                try await withGateway(outer) { gateway in
                    let client = try await gateway.connect()
                    defer { client.close() }
                    try await client.send(Self.line + Self.request)
                    #expect(try await client.response().status == 200)
                    #expect(upstream.requests.map { $0["X-Forwarded-For"] } == ["192.0.2.7"])
                }
            }
        }

        @Test func `polls announce themselves as local`() async throws {
            let polled = "proxy_protocol = \"v2\"\nhealth = { path = \"/health\", interval = \"10ms\" }"
            let script = playing { session in
                let header = try await session.connection.bytes(16)
                guard header[12...] == [0x20, 0, 0, 0] else { return }
                try await session.serve { _ in ok() }
            }
            try await withProxy(script, upstream: polled) { _, upstream in
                try await eventually("a poll") { upstream.requests.contains { $0.target == "/health" } }
            }
        }
    }
}
