import Foundation
import Gateway
import NIOCore
import Testing

@testable import GatewaySettings

extension EndToEnd {
    @Suite struct WebSocketTests {
        private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
        private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        private static let handshake =
            "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v2, v1\r\n\r\n"
        private static let accepted =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: \(accept)\r\nSec-WebSocket-Protocol: v1\r\n\r\n"
        private static let route = "upgrade = [\"websocket\"]"
        private static let admin = AdminListen.address(.host("127.0.0.1", port: 0))

        /// Accepts the handshake and continues with `body`.
        private static func accepting(
            _ body: @escaping @Sendable (RawConnection) async throws -> Void
        ) -> ScriptedUpstream.Script {
            { session in
                _ = try await session.request()
                try await session.send(Self.accepted)
                try await body(session.connection)
            }
        }

        /// Sends back all bytes as they are.
        private static let echoing = accepting { connection in
            while let bytes = try await connection.some() {
                try await connection.send(bytes: Array(bytes.readableBytesView))
            }
        }

        private static func open(_ gateway: RunningGateway) async throws -> RawConnection {
            let client = try await gateway.connect()
            try await client.send(Self.handshake)
            let head = try await client.head()
            #expect(head.hasPrefix("HTTP/1.1 101 "))
            return client
        }

        /// A masked frame with the mask 0.
        private static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
            [first, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload
        }

        // MARK: The handshake

        @Test func `the handshake passes with its subprotocol, and then bytes pass both ways unchanged`() async throws {
            try await withProxy(Self.echoing, route: Self.route) { gateway, upstream in
                let client = try await gateway.connect()
                // Bytes that follow the handshake at once wait for the response.
                try await client.send(Self.handshake + "early")
                let head = try await client.head()
                #expect(head.contains("Sec-WebSocket-Accept: \(Self.accept)\r\n"))
                #expect(head.contains("Sec-WebSocket-Protocol: v1\r\n"))
                #expect(head.contains("Connection: Upgrade\r\nUpgrade: websocket\r\n"))
                #expect(try await client.bytes(5) == Array("early".utf8))
                let noise = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                async let sent: Void = client.send(bytes: noise)
                #expect(try await client.bytes(noise.count) == noise)
                try await sent
                let request = try #require(upstream.requests.first)
                #expect(request["Upgrade"] == "websocket")
                #expect(request["Connection"] == "Upgrade")
                #expect(request["Sec-WebSocket-Protocol"] == "v2, v1")
                #expect(request["Sec-WebSocket-Key"] == Self.key)
                client.close()
            }
        }

        @Test func `a route without upgrade answers a handshake like any request`() async throws {
            try await withProxy(serving { ok($0["Upgrade"] ?? "none") }) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(Self.handshake)
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(response.text == "none")
                client.close()
            }
        }

        @Test(
            arguments: [
                ("Upgrade: websocket", "Upgrade: websocket", 101),
                ("GET ", "POST ", 400), ("Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Key: short", 400),
                ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426),
                ("Upgrade: websocket", "Upgrade: h2c", 200),
                ("Connection: keep-alive, Upgrade", "Connection: keep-alive", 200),
                ("HTTP/1.1", "HTTP/1.0", 200),
            ] as [(String, String, Int)]
        )
        func `the handshake is checked`(part: String, replacement: String, status: Int) async throws {
            let script: ScriptedUpstream.Script = { session in
                while true {
                    let request = try await session.request()
                    try await session.send(request["Upgrade"] == nil ? ok() : Self.accepted)
                }
            }
            try await withProxy(script, route: Self.route) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(Self.handshake.replacing(part, with: replacement, maxReplacements: 1))
                let response = try await client.response(toHead: status == 101)
                #expect(response.status == status)
                if status == 426 {
                    #expect(response["Sec-WebSocket-Version"] == "13")
                    #expect(response.code == "upgrade_required")
                }
                client.close()
            }
        }

        @Test(arguments: [
            ("upgrade = [\"websocket\"]", 101, "Sec-WebSocket-Accept: \(accept)"), ("", 426, "Upgrade: websocket"),
        ])
        func `the demo upstream accepts a handshake only where the route passes it`(
            route: String,
            status: Int,
            field: String
        ) async throws {
            let toml = """
                [upstreams.demo]
                builtin = "demo"
                [[routes]]
                path = "/*"
                upstream = "demo"
                \(route)
                """
            try await withGateway(toml) { gateway in
                let client = try await gateway.connect()
                try await client.send(Self.handshake.replacing("/chat", with: "/ws"))
                let head = try await client.head()
                #expect(head.hasPrefix("HTTP/1.1 \(status) "))
                #expect(head.contains("\(field)\r\n"))
                client.close()
            }
        }

        @Test func `a 101 that does not fit the key is 502, and a refusal passes`() async throws {
            let script: ScriptedUpstream.Script = { session in
                let request = try await session.request()
                if request.target == "/chat" {
                    try await session.send(
                        "HTTP/1.1 101 No\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"
                    )
                } else {
                    try await session.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\nX-Why: because\r\n\r\nno")
                }
            }
            try await withProxy(script, route: Self.route) { gateway, _ in
                for (target, status) in [("/chat", 502), ("/other", 403)] {
                    let client = try await gateway.connect()
                    try await client.send(Self.handshake.replacing("/chat", with: target))
                    let response = try await client.response()
                    #expect(response.status == status)
                    #expect(status == 502 || response["X-Why"] == "because")
                    client.close()
                }
            }
        }

        // MARK: The end

        @Test func `who breaks off cuts the other side`() async throws {
            let ended = Signal()
            let script = Self.accepting { connection in
                _ = try await connection.bytes(7)
                let (_, end) = try await connection.rest()
                #expect(end == .finished)
                ended.fire()
            }
            try await withProxy(script, route: Self.route) { gateway, _ in
                let client = try await Self.open(gateway)
                try await client.send(bytes: Self.frame(0x81, [0x41]))
                client.close()
                try await ended.wait()
            }
            try await withProxy(Self.accepting { $0.close() }, route: Self.route) { gateway, _ in
                let client = try await Self.open(gateway)
                let (text, end) = try await client.rest()
                #expect(text == "")
                #expect(end == .finished)
            }
        }

        @Test func `a closing handshake reaches both ends, and the log has its code and the messages`() async throws {
            let script = Self.accepting { connection in
                try await connection.send(bytes: [0x81, 1, 0x41, 0x81, 1, 0x42])
                #expect(try await connection.bytes(15).suffix(8) == [0x88, 0x82, 0, 0, 0, 0, 3, 0xE8])
                try await connection.send(bytes: [0x88, 2, 3, 0xE8])
                connection.close()
            }
            try await withFolder { folder in
                try await withUpstream(script) { upstream in
                    let file = proxy(to: upstream.url, route: Self.route)
                    try await withGateway(file, admin: Self.admin, accessLog: .file(path: "\(folder)/access.log")) {
                        gateway in
                        let client = try await Self.open(gateway)
                        try await client.send(bytes: Self.frame(0x82, [1]) + Self.frame(0x88, [3, 0xE8]))
                        #expect(try await client.bytes(10) == [0x81, 1, 0x41, 0x81, 1, 0x42, 0x88, 2, 3, 0xE8])
                        #expect(try await client.rest().end == .finished)
                        let metrics = try await gateway.admin("GET /metrics").text
                        #expect(metrics.contains("gateway_websocket_closed_total{route=\"all\",code=\"1000\"} 1"))
                        #expect(metrics.contains("gateway_websocket_messages_total{route=\"all\",direction=\"in\"} 1"))
                        #expect(metrics.contains("gateway_websocket_messages_total{route=\"all\",direction=\"out\"} 2"))
                    }
                }
                let log = String(
                    decoding: FileManager.default.contents(atPath: "\(folder)/access.log") ?? Data(),
                    as: UTF8.self
                )
                #expect(log.contains("\"end\":\"complete\",\"close_code\":1000,\"messages_in\":1,\"messages_out\":2"))
                #expect(log.contains("\"status\":101"))
            }
        }

        @Test func `a drain closes both sides with 1001 and waits for their answers`() async throws {
            let opened = Signal()
            let script = Self.accepting { connection in
                opened.fire()
                let close = try await connection.bytes(8)
                #expect(close.prefix(2) == [0x88, 0x82])
                #expect(close[6] ^ close[2] == 3 && close[7] ^ close[3] == 0xE9)
                try await connection.send(bytes: [0x88, 2, 3, 0xE9])
            }
            try await withProxy(script, route: Self.route, admin: Self.admin, drainTimeout: .seconds(20)) {
                gateway,
                _ in
                let client = try await Self.open(gateway)
                try await opened.wait()
                let open = try await gateway.admin("GET /websockets")
                let text = open.text.filter { !$0.isWhitespace }
                #expect(text == "{\"open\":1,\"websockets\":[{\"route\":\"all\",\"consumer\":null,\"open\":1}]}")
                _ = try await gateway.admin("POST /drain")
                #expect(try await client.bytes(4) == [0x88, 2, 3, 0xE9])
                try await client.send(bytes: Self.frame(0x88, [3, 0xE9]))
                #expect(try await client.rest().end == .finished)
            }
        }

        // MARK: The policy

        @Test(
            arguments: [
                (frame(0x81, [0xFF]), 1007), (frame(0x83, []), 1002), ([0x81, 0x01, 0x41], 1002),
                (frame(0x82, [UInt8](repeating: 0, count: 101)), 1009),
            ] as [([UInt8], UInt16)]
        )
        func `a client that breaks a rule is closed, and so is the upstream`(frame: [UInt8], code: UInt16) async throws
        {
            let script = Self.accepting { connection in
                let close = try await connection.bytes(8)
                #expect(UInt16(close[6] ^ close[2]) << 8 | UInt16(close[7] ^ close[3]) == code)
                try await connection.send(bytes: [0x88, 2, close[6] ^ close[2], close[7] ^ close[3]])
            }
            try await withProxy(script, route: Self.route, more: Self.policy()) { gateway, _ in
                let client = try await Self.open(gateway)
                try await client.send(bytes: frame)
                #expect(try await client.bytes(4) == [0x88, 2, UInt8(code >> 8), UInt8(code & 255)])
                #expect(try await client.rest().end == .finished)
            }
        }

        private static func policy(_ more: String = "") -> String {
            "[routes.websocket]\nmax_message = \"100B\"\n\(more)"
        }

        @Test func `both sides are pinged, and the pongs end here`() async throws {
            let script = Self.accepting { connection in
                let ping = try await connection.bytes(14)
                #expect(ping.prefix(2) == [0x89, 0x88])
                let payload = (6..<14).map { ping[$0] ^ ping[2 + ($0 - 6) % 4] }
                try await connection.send(bytes: [0x8A, 8] + payload + [0x81, 1, 0x41])
                _ = try await connection.rest()
            }
            let policy = Self.policy("ping_interval = \"20ms\"")
            try await withProxy(script, route: Self.route, more: policy) { gateway, _ in
                let client = try await Self.open(gateway)
                let ping = try await client.bytes(10)
                #expect(ping.prefix(2) == [0x89, 8])
                // More pings may come before the message, but no pong.
                var next = try await client.bytes(1)
                while next == [0x89] {
                    _ = try await client.bytes(9)
                    next = try await client.bytes(1)
                }
                #expect(next == [0x81])
                client.close()
            }
        }

        @Test func `a silent side is gone, and the other gets 1001`() async throws {
            let closed = Signal()
            let script = Self.accepting { connection in
                while true {
                    let head = try await connection.bytes(6)
                    let payload = try await connection.bytes(Int(head[1] & 0x7F))
                    guard head[0] == 0x88 else {
                        let pong = payload.enumerated().map { $1 ^ head[2 + $0 % 4] }
                        try await connection.send(bytes: [0x8A, UInt8(pong.count)] + pong)
                        continue
                    }
                    #expect(payload[0] ^ head[2] == 3 && payload[1] ^ head[3] == 0xE9)
                    try await connection.send(bytes: [0x88, 2, 3, 0xE9])
                    closed.fire()
                    return
                }
            }
            let policy = Self.policy("ping_interval = \"20ms\"\nidle_timeout = \"150ms\"")
            try await withProxy(script, route: Self.route, more: policy) { gateway, _ in
                let client = try await Self.open(gateway)
                try await closed.wait()
                #expect(try await client.rest().end == .finished)
            }
        }

        @Test func `origins, and the numbers of WebSockets, are limited`() async throws {
            let policy = Self.policy("origins = [\"https://a.example\"]\nmax_connections = 2\nmax_per_client = 1")
            try await withProxy(Self.echoing, route: Self.route, more: policy) { gateway, _ in
                let foreign = try await gateway.connect()
                try await foreign.send(
                    Self.handshake.replacing("Host: a", with: "Host: a\r\nOrigin: https://b.example")
                )
                #expect(try await foreign.response().status == 403)
                let first = try await gateway.connect()
                try await first.send(
                    Self.handshake.replacing("Host: a", with: "Host: a\r\nOrigin: https://a.example")
                )
                #expect(try await first.response(toHead: true).status == 101)
                let second = try await gateway.connect()
                try await second.send(Self.handshake)
                let response = try await second.response()
                #expect(response.status == 429)
                #expect(response.code == "rate_limited")
                first.close()
                try await eventuallyAsync("the first no longer counts") {
                    guard let next = try? await gateway.connect() else { return false }
                    defer { next.close() }
                    try? await next.send(Self.handshake)
                    return (try? await next.response(toHead: true).status) == 101
                }
            }
            let auth = "[routes.auth]\nany = [\"spoken\"]\n"
            try await withProxy(
                Self.echoing,
                route: Self.route,
                more: auth + Self.policy("max_per_client = 1"),
                admin: Self.admin,
                middlewares: SpokenCallers.middlewares
            ) { gateway, _ in
                var clients: [RawConnection] = []
                defer { for client in clients { client.close() } }
                for (caller, status) in [("ann", 101), ("ann", 429), ("bob", 101)] {
                    let client = try await gateway.connect()
                    clients.append(client)
                    try await client.send(Self.handshake.replacing("Host: a", with: "Host: a\r\nX-Caller: \(caller)"))
                    #expect(try await client.response(toHead: true).status == status)
                }
                try await eventuallyAsync("each consumer has one") {
                    guard let answer = try? await gateway.admin("GET /websockets") else { return false }
                    let open = answer.text.filter { !$0.isWhitespace }
                    return ["ann", "bob"].allSatisfy { open.contains("\"consumer\":\"\($0)\",\"open\":1") }
                }
            }
            let full = Self.policy("max_connections = 1")
            try await withProxy(Self.echoing, route: Self.route, more: full) { gateway, _ in
                let first = try await Self.open(gateway)
                let second = try await gateway.connect()
                try await second.send(Self.handshake)
                #expect(try await second.response().code == "overloaded")
                first.close()
            }
        }

        @Test func `a WebSocket is in flight as long as it is open`() async throws {
            let plan = "[routes.rate_limit]\nlimit = \"plan\"\n[plans.anonymous]\nmax_in_flight = 1\n"
            try await withProxy(Self.echoing, route: Self.route, more: plan) { gateway, _ in
                let first = try await Self.open(gateway)
                #expect(try await gateway.get("/").code == "rate_limited")
                first.close()
                try await eventuallyAsync("it is no longer in flight") {
                    guard let next = try? await gateway.connect() else { return false }
                    defer { next.close() }
                    try? await next.send(Self.handshake)
                    return (try? await next.response(toHead: true).status) == 101
                }
            }
        }

        @Test func `a slow reader holds up the upstream`() async throws {
            let size = 8_000_000
            let script = Self.accepting { connection in
                try await connection.send(bytes: [UInt8](repeating: 7, count: size))
                connection.close()
            }
            try await withProxy(script, route: Self.route, buffers: 65_536) { gateway, _ in
                let client = try await gateway.connect(buffers: 65_536)
                client.readSlowly(ahead: 65_536)
                try await client.send(Self.handshake)
                _ = try await client.head()
                var count = 0
                while let bytes = try await client.some() { count += bytes.readableBytes }
                #expect(count == size)
            }
        }
    }
}
