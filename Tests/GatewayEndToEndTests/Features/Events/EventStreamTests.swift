import Gateway
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewaySettings

/// `GET /events` and its neighbors.
extension EndToEnd {
    @Suite struct EventStreamTests {
        @Test func `a stream has its head, the time to wait, and events as they happen`() async throws {
            try await withEvents { gateway in
                let connection = try await gateway.connectToAdmin()
                try await connection.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let head = try await connection.head()
                #expect(head.hasPrefix("HTTP/1.1 200 "))
                #expect(head.contains("Content-Type: text/event-stream\r\n"))
                #expect(head.contains("Cache-Control: no-store\r\n"))
                #expect(head.contains("Transfer-Encoding: chunked\r\n"))
                #expect(try await connection.text(through: "\n\n").hasSuffix("\r\nretry: 2000\n\n"))
                gateway.publish(1, topic: "upstreams.api")
                let text = try await connection.text(through: "\n\n")
                let lines = text.split(whereSeparator: \.isNewline).filter { $0.contains(": ") }
                #expect(lines.count == 3)
                #expect(lines[0].hasPrefix("id: "))
                #expect(lines[1] == "event: event")
                #expect(lines[2].hasPrefix(#"data: {"type":"event","topic":"upstreams.api","event":{"id":""#))
                connection.close()
            }
        }

        @Test func `topics choose the events`() async throws {
            try await withEvents { gateway in
                let some = try await EventSource.open(gateway, "/events?topics=upstreams.*,config&topics=routes.a")
                let all = try await EventSource.open(gateway)
                let topics = ["gateway", "upstreams.x", "routes.b", "config", "alerts", "routes.a", "upstreams.y"]
                for (number, topic) in topics.enumerated() { gateway.publish(number, topic: topic) }
                for number in [1, 3, 5, 6] {
                    let message = try await some.next()
                    #expect(message.number == number)
                    #expect(message.event == "event")
                    #expect(message.id == message.eventID)
                }
                for number in topics.indices { #expect(try await all.next().number == number) }
                some.close()
                all.close()
            }
        }

        @Test func `unknown topics and parameters are 422, HEAD and POST as on other endpoints`() async throws {
            try await withEvents { gateway in
                for query in ["topics=nonsense", "topics=config,upstreams", "topic=config", "topics=metrics.cpu"] {
                    let answer = try await gateway.adminGet("/events?\(query)")
                    #expect(answer.status == 422, "\(query)")
                    #expect(answer.code == "validation_failed")
                }
                let head = try await gateway.admin("HEAD /events")
                #expect(head.status == 200 && head["content-type"] == "text/event-stream" && head.body.isEmpty)
                let post = try await gateway.admin("POST /events")
                #expect(post.status == 405 && post["allow"] == "GET, HEAD")
                let plain = try await gateway.adminGet("/events/ws")
                #expect(plain.status == 426 && plain["upgrade"] == "websocket" && plain.code == "upgrade_required")
            }
        }

        @Test func `silence is broken by comments and heartbeats`() async throws {
            try await withEvents("heartbeat = \"1s\"") { gateway in
                let source = try await EventSource.open(gateway)
                let socket = try await EventSocket.open(gateway)
                for _ in 0..<2 {
                    #expect(try await source.block() == ": heartbeat\n\n")
                    #expect(try await socket.next().type == "heartbeat")
                }
                source.close()
                socket.close()
            }
        }

        @Test func `streams are not ended by the time limit of other responses, and do not count as idle`() async throws
        {
            try await withEvents { gateway in
                let source = try await EventSource.open(gateway)
                // More connections than the admin API serves at a time, each idle after a request.
                var others: [RawConnection] = []
                for _ in 0..<380 {
                    let other = try await gateway.connectToAdmin()
                    try await other.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    #expect(try await other.response().status == 200)
                    others.append(other)
                }
                gateway.publish(1)
                #expect(try await source.next().number == 1)
                for other in others { other.close() }
                source.close()
            }
        }

        @Test func `max_clients limits both kinds together, and a client that leaves makes room`() async throws {
            try await withEvents("max_clients = 2") { gateway in
                let source = try await EventSource.open(gateway)
                let socket = try await EventSocket.open(gateway)
                let refused = try await gateway.adminGet("/events")
                #expect(refused.status == 503 && refused.code == "overloaded" && refused["retry-after"] != nil)
                let connection = try await gateway.connectToAdmin()
                try await connection.send(EventSocket.handshake("/events/ws", []))
                #expect(try await connection.response().status == 503)
                #expect(try await gateway.adminGet("/health/live").status == 200)
                source.close()
                try await eventuallyAsync("the place is free") {
                    try await Self.clients(gateway).count == 1
                }
                let next = try await EventSource.open(gateway)
                next.close()
                socket.close()
            }
        }

        @Test func `clients are listed, counted and forgotten`() async throws {
            try await withEvents { gateway in
                #expect(try await Self.clients(gateway).isEmpty)
                let source = try await EventSource.open(gateway, "/events?topics=config,routes.*")
                let socket = try await EventSocket.open(gateway)
                gateway.publish(1, topic: "config")
                #expect(try await source.next().number == 1)
                try await socket.subscribe("alerts")
                #expect(try await socket.next().topics == ["alerts"])
                let clients = try await Self.clients(gateway)
                #expect(clients.map { $0["kind"] as? String } == ["sse", "websocket"])
                #expect(clients.map { $0["topics"] as? [String] } == [["config", "routes.*"], ["alerts"]])
                #expect(clients.map { $0["address"] as? String } == ["127.0.0.1", "127.0.0.1"])
                #expect(clients.map { $0["sent"] as? Int } == [2, 1])
                #expect(clients.map { $0["dropped"] as? Int } == [0, 0])
                #expect(Set(clients.compactMap { $0["id"] as? String }).count == 2)
                #expect(clients.allSatisfy { ($0["since"] as? String)?.hasSuffix("Z") == true })
                let metrics = try await gateway.adminGet("/metrics").text
                #expect(metrics.contains("gateway_event_stream_clients{kind=\"sse\"} 1\n"))
                #expect(metrics.contains("gateway_event_stream_messages_total{kind=\"websocket\",result=\"sent\"} 1\n"))
                source.close()
                socket.close()
                try await eventuallyAsync("no clients") { try await Self.clients(gateway).isEmpty }
            }
        }

        @Test func `recent events are filtered, limited, and end with the newest`() async throws {
            try await withEvents { gateway in
                let source = try await EventSource.open(gateway)
                for number in 0..<5 { gateway.publish(number) }
                for _ in 0..<5 { _ = try await source.next() }
                func numbers(_ query: String) async throws -> [Int?] {
                    let answer = try await gateway.adminGet("/events/recent\(query)")
                    #expect(answer.status == 200)
                    let events = try answer.objects("events")
                    return events.map { ($0["data"] as? [String: Any])?["number"] as? Int }
                }
                #expect(try await numbers("?types=test.*") == [0, 1, 2, 3, 4])
                #expect(try await numbers("?types=none,test.event&limit=2") == [3, 4])
                #expect(try await numbers("?types=tes.*") == [])
                #expect(try await numbers("?types=*").suffix(5) == [0, 1, 2, 3, 4])
                #expect(try await numbers("").suffix(5) == [0, 1, 2, 3, 4])
                for query in ["?limit=0", "?limit=1001", "?limit=x", "?type=a", "?limit=1&limit=2"] {
                    #expect(try await gateway.adminGet("/events/recent\(query)").status == 422, "\(query)")
                }
                source.close()
            }
        }

        @Test func `a drain tells about itself, ends all streams, and refuses new ones until it is taken back`()
            async throws
        {
            try await withEvents { gateway in
                let source = try await EventSource.open(gateway)
                let socket = try await EventSocket.open(gateway, "/events/ws?topics=gateway")
                #expect(try await gateway.admin("POST /drain").status == 200)
                #expect(try await source.next().eventType == "gateway.draining")
                #expect(try await source.connection.rest().text.isEmpty)
                #expect(try await socket.next().eventType == "gateway.draining")
                #expect(try await socket.closeCode() == 1001)
                try await socket.send(8, [0x03, 0xE9])
                #expect(try await socket.connection.rest().text.isEmpty)
                let refused = try await gateway.adminGet("/events")
                #expect(refused.status == 503 && refused.code == "draining")
                #expect(try await gateway.admin("DELETE /drain").status == 200)
                try await EventSource.open(gateway).close()
            }
        }

        @Test func `the end of the gateway ends streams`() async throws {
            try await withEvents(drainTimeout: .seconds(10)) { gateway in
                let source = try await EventSource.open(gateway)
                let socket = try await EventSocket.open(gateway)
                gateway.server.shutdown()
                #expect(try await source.next().eventType == "gateway.draining")
                #expect(try await source.connection.rest().text.isEmpty)
                #expect(try await socket.closeCode() == 1001)
                socket.close()
            }
        }

        static func clients(_ gateway: RunningGateway) async throws -> [[String: Any]] {
            try await gateway.adminGet("/events/clients").objects("clients")
        }
    }
}
