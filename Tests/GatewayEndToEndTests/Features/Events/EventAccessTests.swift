import Gateway
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewaySettings

/// Who may read events.
extension EndToEnd {
    @Suite struct EventAccessTests {
        private static let tokens = (admin: "token = \"adm1n\"", events: "token = \"ev3nts\"")

        /// The status of a request, 101 for an open WebSocket.
        private static func status(
            _ gateway: RunningGateway,
            _ target: String,
            _ fields: [String],
            isExposed: Bool = false
        ) async throws -> Int {
            let client = isExposed ? try await gateway.connect() : try await gateway.connectToAdmin()
            defer { client.close() }
            if target.hasPrefix("/events/ws") {
                try await client.send(EventSocket.handshake(target, fields))
            } else {
                let lines = fields.map { $0 + "\r\n" }.joined()
                try await client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(lines)\r\n")
            }
            let head = try await client.head()
            return Int(head.dropFirst(9).prefix(3)) ?? 0
        }

        private static let paths = [
            ("/events", 200), ("/events/ws", 101), ("/events/recent", 200), ("/events/clients", 200),
        ]

        @Test(arguments: paths) func `either token opens events, in every form`(path: String, open: Int) async throws {
            try await withEvents(Self.tokens.events, admin: Self.tokens.admin) { gateway in
                for token in ["adm1n", "ev3nts"] {
                    let status = try await Self.status(gateway, path, ["Authorization: Bearer \(token)"])
                    #expect(status == open)
                    let second = try await Self.status(gateway, "\(path)?token=\(token)", [])
                    #expect(second == open)
                }
                for fields in [
                    [], ["Authorization: Bearer wrong"], ["Authorization: Basic ev3nts"], ["Authorization: Bearer "],
                ] {
                    let status = try await Self.status(gateway, path, fields)
                    #expect(status == 401, "\(fields)")
                }
                for query in ["token=", "token=wrong", "token=ev3nt", "token=ev3ntsx", "Token=ev3nts"] {
                    let status = try await Self.status(gateway, "\(path)?\(query)", [])
                    #expect(status == 401, "\(query)")
                }
            }
        }

        @Test func `the token of events opens nothing else`() async throws {
            try await withEvents(Self.tokens.events, admin: Self.tokens.admin) { gateway in
                for path in ["/", "/health", "/metrics", "/config", "/audit", "/eventsx", "/events/x"] {
                    let status = try await gateway.adminGet(path, "Authorization: Bearer ev3nts").status
                    #expect(status == 401, "\(path)")
                    let second = try await gateway.adminGet("\(path)?token=ev3nts").status
                    #expect(second == 401, "\(path)")
                }
                // The other token does not work in the query there.
                let status = try await gateway.adminGet("/metrics?token=adm1n").status
                #expect(status == 401)
            }
        }

        @Test func `a token of events is required even from this machine`() async throws {
            try await withEvents(Self.tokens.events) { gateway in
                for (path, open) in Self.paths {
                    let status = try await Self.status(gateway, path, [])
                    #expect(status == 401)
                    let second = try await Self.status(gateway, path, ["Authorization: Bearer ev3nts"])
                    #expect(second == open)
                }
                let status = try await gateway.adminGet("/metrics").status
                #expect(status == 200)
            }
        }

        @Test(
            arguments: [
                ("gateway.events, bearer.ev3nts", true), ("bearer.adm1n,gateway.events", true),
                ("other,gateway.events ,  bearer.ev3nts", true), ("bearer.ev3nts", false),
            ] as [(String, Bool)]
        )
        func `a subprotocol brings the token and is never answered`(offered: String, isAnswered: Bool) async throws {
            try await withEvents(Self.tokens.events, admin: Self.tokens.admin) { gateway in
                let socket = try await EventSocket.open(gateway, "/events/ws", "Sec-WebSocket-Protocol: \(offered)")
                let lines = socket.head.split(separator: "\r\n").filter {
                    $0.lowercased().hasPrefix("sec-websocket-protocol")
                }
                #expect(lines == (isAnswered ? ["Sec-WebSocket-Protocol: gateway.events"] : []))
                #expect(!socket.head.contains("bearer."))
                socket.close()
            }
        }

        @Test func `wrong subprotocols are no token`() async throws {
            try await withEvents(Self.tokens.events, admin: Self.tokens.admin) { gateway in
                for offered in ["gateway.events", "gateway.events, bearer.wrong", "bearer.", "Bearer.ev3nts", "ev3nts"]
                {
                    let fields = ["Sec-WebSocket-Protocol: \(offered)"]
                    let status = try await Self.status(gateway, "/events/ws", fields)
                    #expect(status == 401, "\(offered)")
                }
            }
        }

        @Test func `a page of another origin gets no WebSocket, with a token or without`() async throws {
            let foreign = [
                "http://evil.example", "http://localhost:1", "https://localhost.evil.example", "null", "localhost", "",
            ]
            for token in [nil, "ev3nts"] {
                let fields = token.map { ["Authorization: Bearer \($0)"] } ?? []
                try await withEvents(token.map { "token = \"\($0)\"" } ?? "") { gateway in
                    for origin in foreign {
                        let fields = fields + ["Origin: \(origin)"]
                        let status = try await Self.status(gateway, "/events/ws", fields)
                        #expect(status == 403, "\(origin)")
                    }
                    let status = try await Self.status(gateway, "/events/ws", fields + ["Origin: http://localhost"])
                    #expect(status == 101)
                    let uppercase = try await Self.status(gateway, "/events/ws", fields + ["Origin: http://LOCALHOST"])
                    #expect(uppercase == 101)
                    let none = try await Self.status(gateway, "/events/ws", fields)
                    #expect(none == 101)
                }
            }
        }

        @Test func `without a token a foreign Host is refused`() async throws {
            try await withEvents { gateway in
                for target in ["/events", "/events/ws", "/events/recent"] {
                    let client = try await gateway.connectToAdmin()
                    let handshake = EventSocket.handshake(target, ["Origin: http://evil.example"])
                    try await client.send(handshake.replacing("Host: localhost", with: "Host: evil.example"))
                    #expect(try await client.response().status == 403, "\(target)")
                    client.close()
                }
            }
        }

        @Test func `exposed streams work on traffic listeners, also with several workers`() async throws {
            let admin = "expose = [\"/events\"]\n\(Self.tokens.admin)"
            try await withEvents(Self.tokens.events, admin: admin, workers: 2) { gateway in
                for (path, open) in Self.paths {
                    #expect(try await Self.status(gateway, path, [], isExposed: true) == 401)
                    let status = try await Self.status(gateway, "\(path)?token=ev3nts", [], isExposed: true)
                    #expect(status == open)
                }
                var streams: [EventSource] = []
                for _ in 0..<8 {
                    let client = try await gateway.connect()
                    try await client.send("GET /events?token=ev3nts&topics=config HTTP/1.0\r\nHost: a\r\n\r\n")
                    #expect(try await client.head().hasPrefix("HTTP/1.1 200 "))
                    _ = try await client.text(through: "\n\n")
                    streams.append(EventSource(connection: client))
                }
                for number in 0..<100 { gateway.publish(number, topic: "config") }
                for stream in streams {
                    for number in 0..<100 { #expect(try await stream.next().number == number) }
                }
                #expect(try await gateway.admin("POST /drain").status == 401)
                for stream in streams { stream.close() }
            }
        }

        @Test func `nothing is exposed unless it is asked for`() async throws {
            try await withEvents { gateway in
                let text = try await gateway.get("/events").text
                #expect(text == "traffic")
            }
        }
    }
}
