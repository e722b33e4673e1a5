import GatewayCore
import GatewayEvents
import GatewayWebSocket
import NIOCore
import Testing

@Suite struct StreamFormatTests {
    @Test func `a message of Server-Sent Events has its type, and an event its ID`() throws {
        let json = ByteBuffer(string: #"{"type":"event"}"#)
        let id = try #require(EventID("01920000-0000-7000-8000-000000000000"))
        #expect(
            String(buffer: StreamFormat.events.encode(json, type: "event", id: id))
                == "id: 01920000-0000-7000-8000-000000000000\nevent: event\ndata: {\"type\":\"event\"}\n\n"
        )
        #expect(
            String(buffer: StreamFormat.events.error("lagging", "Slow.", missed: 3))
                == "event: error\ndata: {\"type\":\"error\",\"code\":\"lagging\",\"message\":\"Slow.\",\"missed\":3}\n\n"
        )
        #expect(
            String(buffer: StreamFormat.events.subscription(["a\nb"]))
                == "event: subscription\ndata: {\"type\":\"subscription\",\"topics\":[\"a\\nb\"]}\n\n"
        )
        #expect(StreamFormat.events.preamble.map { String(buffer: $0) } == "retry: 2000\n\n")
        #expect(String(buffer: StreamFormat.events.heartbeat).hasPrefix(":"))
    }

    @Test(arguments: [0, 1, 125, 126, 0xFFFF, 0x10000]) func `a message over a WebSocket is a text frame`(count: Int) {
        let json = ByteBuffer(repeating: 0x61, count: count)
        var frame = StreamFormat.webSocket.encode(json, type: "event")
        var reader = WebSocketFrameHeadReader()
        while let byte = frame.readInteger(as: UInt8.self), !reader.read(byte) {}
        #expect(reader.head.opcode == WebSocketFrameHead.text)
        #expect(reader.head.isFinal && !reader.head.isMasked && reader.head.reserved == 0)
        #expect(reader.head.length == UInt64(count))
        #expect(frame == json)
    }
}
