import Gateway
import NIOCore
import Testing

@testable import GatewaySettings

/// `GET /events/ws`.
extension EndToEnd {
    @Suite struct EventSocketTests {
        @Test func `messages subscribe and unsubscribe, and are answered with the topics that hold now`() async throws {
            try await withEvents { gateway in
                let socket = try await EventSocket.open(gateway)
                #expect(socket.head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
                #expect(!socket.head.contains("Sec-WebSocket-Protocol"))
                try await socket.subscribe("upstreams.*", "config")
                #expect(try await socket.next().topics == ["upstreams.*", "config"])
                gateway.publish(1, topic: "gateway")
                gateway.publish(2, topic: "upstreams.api")
                let event = try await socket.next()
                #expect(event.type == "event" && event.number == 2)
                #expect(event.json["topic"] as? String == "upstreams.api")
                try await socket.subscribe("config", "alerts", action: "unsubscribe")
                #expect(try await socket.next().topics == ["upstreams.*"])
                try await socket.subscribe("global")
                #expect(try await socket.next().topics == ["upstreams.*", "global"])
                gateway.publish(3, topic: "upstreams.api")
                gateway.publish(4, topic: "gateway")
                #expect(try await socket.next().number == 3)
                #expect(try await socket.next().number == 4)
                socket.close()
            }
        }

        @Test func `topics in the query hold from the start`() async throws {
            try await withEvents { gateway in
                let socket = try await EventSocket.open(gateway, "/events/ws?topics=alerts,config")
                gateway.publish(1, topic: "gateway")
                gateway.publish(2, topic: "config")
                #expect(try await socket.next().number == 2)
                socket.close()
            }
        }

        @Test func `an unknown topic is an error that changes nothing`() async throws {
            try await withEvents { gateway in
                let socket = try await EventSocket.open(gateway, "/events/ws?topics=config")
                for _ in 0..<20 {
                    try await socket.subscribe("alerts", "nonsense.x")
                    let error = try await socket.next()
                    #expect(error.type == "error" && error.code == "unknown_topic")
                }
                try await socket.subscribe()
                #expect(try await socket.next().topics == ["config"])
                try await socket.send(
                    "{\"type\":\"subscription\",\"action\":\"subscribe\",\"topics\":["
                        + (0..<100).map { "\"routes.r\($0)\"" }.joined(separator: ",") + "]}"
                )
                #expect(try await socket.next().code == "too_many_topics")
                socket.close()
            }
        }

        @Test func `the tenth malformed message closes the WebSocket`() async throws {
            try await withEvents { gateway in
                let socket = try await EventSocket.open(gateway)
                for number in 0..<10 {
                    if number == 5 { try await socket.send(2, [1, 2, 3]) } else { try await socket.send("{\(number)") }
                    let error = try await socket.next()
                    #expect(error.type == "error" && error.code == "malformed")
                    #expect((error.json["message"] as? String)?.isEmpty == false)
                }
                #expect(try await socket.closeCode() == 1008)
                try await socket.send(8, [0x03, 0xF0])
                #expect(try await socket.connection.rest().text.isEmpty)
                // All at once, too.
                let other = try await EventSocket.open(gateway)
                for _ in 0..<30 { try await other.send("x") }
                #expect(try await other.closeCode() == 1008)
                socket.close()
                other.close()
            }
        }

        @Test(
            arguments: [
                (1, [UInt8](repeating: 0x20, count: 65_537), true, 1009), (1, [0xFF], true, 1007),
                (0, [0x61], true, 1002), (9, [], false, 1002), (3, [], true, 1002), (8, [0x03, 0xED], true, 1002),
            ] as [(UInt8, [UInt8], Bool, Int)]
        )
        func `frames that break the rules close the WebSocket`(
            opcode: UInt8,
            payload: [UInt8],
            isFinal: Bool,
            code: Int
        ) async throws {
            try await withEvents { gateway in
                let socket = try await EventSocket.open(gateway)
                try await socket.send(opcode, payload, isFinal: isFinal)
                #expect(try await socket.closeCode() == code)
                socket.close()
                try await eventuallyAsync("the client is gone") { try await EventStreamTests.clients(gateway).isEmpty }
            }
        }

        @Test func `frames without a mask close the WebSocket`() async throws {
            try await withEvents { gateway in
                let socket = try await EventSocket.open(gateway)
                try await socket.connection.send(bytes: [0x81, 1, 0x78])
                #expect(try await socket.closeCode() == 1002)
                socket.close()
            }
        }

        @Test func `fragments are joined, pings are answered, and a close frame is answered with its code`()
            async throws
        {
            try await withEvents { gateway in
                let socket = try await EventSocket.open(gateway)
                let text = Array(#"{"type":"subscription","action":"subscribe","topics":["config"]}"#.utf8)
                try await socket.send(1, Array(text[..<9]), isFinal: false)
                try await socket.send(9, [1, 2, 3])
                try await socket.send(0, Array(text[9...]))
                let pong = try await socket.frame()
                #expect(pong.opcode == 10 && pong.payload == [1, 2, 3])
                #expect(try await socket.next().topics == ["config"])
                try await socket.send(8, [0x0F, 0xA0])
                #expect(try await socket.closeCode() == 4000)
                #expect(try await socket.connection.rest().text.isEmpty)
            }
        }

        @Test func `a flood of messages from a client that does not read stays bounded`() async throws {
            try await withEvents { gateway in
                let socket = try await EventSocket.open(gateway, buffers: 4096)
                socket.connection.readSlowly()
                let flood = Task {
                    for _ in 0..<20_000 { try await socket.send(9, [UInt8](repeating: 7, count: 120)) }
                }
                // Others are served.
                let source = try await EventSource.open(gateway)
                for number in 0..<100 {
                    gateway.publish(number)
                    #expect(try await source.next().number == number)
                }
                flood.cancel()
                socket.close()
                source.close()
                _ = await flood.result
            }
        }
    }
}
