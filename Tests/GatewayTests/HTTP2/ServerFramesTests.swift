import NIOCore
import Testing

@testable import GatewayHTTP2

@Suite struct ServerFramesTests {
    private static let settings = Self.frame(.settings)

    private static func frame(
        _ type: FrameType,
        _ flags: FrameFlags = [],
        on stream: UInt32 = 0,
        payload: [UInt8] = []
    ) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.write(FrameHead(length: payload.count, type: type, flags: flags, streamID: stream))
        return Array(buffer.readableBytesView) + payload
    }

    /// What the frames after the first SETTINGS mean, or the error that ends the connection.
    private static func events(
        _ bytes: [UInt8],
        isBegun: Bool = true,
        pieces: Int = .max
    ) throws -> [String] {
        var frames = ServerFrames(maxHeaderList: 1_000)
        frames.lastStream = 5
        var rest = (isBegun ? self.settings : []) + bytes
        var events: [String] = []
        while !rest.isEmpty {
            frames.append(ByteBuffer(bytes: rest.prefix(pieces)))
            rest.removeFirst(min(pieces, rest.count))
            while let event = try frames.next(at: .uptimeNanoseconds(0)) { events.append(self.text(event)) }
        }
        return isBegun ? Array(events.dropFirst()) : events
    }

    private static func text(_ event: ServerFrames.Event) -> String {
        switch event {
        case .settings(let change): "settings \(change)"
        case .ping(let data): "ping \(data)"
        case .block(let block): "block \(block.streamID) \(block.bytes.readableBytes) \(block.endsStream)"
        case .data(let id, let data, let length, let end): "data \(id) \(data.readableBytes) \(length) \(end)"
        case .reset(let id, let code): "reset \(id) \(code.rawValue)"
        case .goAway(let last, let code): "goaway \(last) \(code.rawValue)"
        case .windowUpdate(let id, let increment): "window \(id) \(increment)"
        }
    }

    private static let everything: [[UInt8]] = [
        Self.frame(.settings, payload: [0, 4, 0, 1, 0, 0]),
        Self.frame(.settings, .acknowledgement),
        Self.frame(.ping, payload: [0, 0, 0, 0, 0, 0, 0, 7]),
        Self.frame(.ping, .acknowledgement, payload: [0, 0, 0, 0, 0, 0, 0, 1]),
        Self.frame(.headers, .padded, on: 1, payload: [1, 1, 2, 3, 0]),
        Self.frame(.continuation, on: 1, payload: [4]),
        Self.frame(.continuation, .endHeaders, on: 1),
        Self.frame(.data, on: 1, payload: [1, 2]),
        Self.frame(.data, [.padded, .endStream], on: 1, payload: [1, 1, 0]),
        Self.frame(.priority, on: 9, payload: [0, 0, 0, 0, 0]),
        Self.frame(.reset, on: 3, payload: [0, 0, 0, 8]),
        Self.frame(.windowUpdate, payload: [0, 0, 0, 9]),
        Self.frame(.windowUpdate, on: 5, payload: [0, 0, 0, 0]),
        Self.frame(FrameType(rawValue: 99), on: 7, payload: [1]),
        Self.frame(.headers, [.endHeaders, .endStream, .priority], on: 5, payload: [0, 0, 0, 1, 0, 9]),
        Self.frame(.goAway, payload: [0, 0, 0, 3, 0, 0, 0, 0, 1]),
    ]

    @Test(arguments: [1, 7, 16, .max]) func `frames mean the same however their bytes are split`(pieces: Int) throws {
        let events = try Self.events(Self.everything.flatMap { $0 }, pieces: pieces)
        #expect(
            events == [
                "settings 1", "ping 7", "block 1 4 false", "data 1 2 2 false", "data 1 1 3 true", "reset 3 8",
                "window 0 9", "window 5 0", "block 5 1 true", "goaway 3 0",
            ]
        )
    }

    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

    static let errors: [(frames: [[UInt8]], code: HTTP2ErrorCode)] = [
        ([Self.frame(.data, on: 0, payload: [1])], .protocolError),
        ([Self.frame(.data, on: 7, payload: [1])], .protocolError),
        ([Self.frame(.data, on: 2, payload: [1])], .protocolError),
        ([Self.frame(.data, .padded, on: 1, payload: [1])], .protocolError),
        ([Self.frame(.data, on: 1, payload: Self.zeros(16_385))], .frameSize),
        ([Self.frame(.headers, .endHeaders, on: 0)], .protocolError),
        ([Self.frame(.headers, .endHeaders, on: 7)], .protocolError),
        ([Self.frame(.headers, on: 1), Self.frame(.data, on: 1)], .protocolError),
        ([Self.frame(.headers, on: 1), Self.frame(.continuation, .endHeaders, on: 3)], .protocolError),
        (
            [Self.frame(.headers, on: 1), Self.frame(.continuation, on: 1, payload: Self.zeros(1_001))],
            .enhanceYourCalm
        ),
        ([Self.frame(.continuation, .endHeaders, on: 1)], .protocolError),
        ([Self.frame(.reset, on: 0, payload: Self.zeros(4))], .protocolError),
        ([Self.frame(.reset, on: 7, payload: Self.zeros(4))], .protocolError),
        ([Self.frame(.reset, on: 1, payload: [0])], .frameSize),
        ([Self.frame(.settings, on: 1)], .protocolError),
        ([Self.frame(.settings, payload: [0])], .frameSize),
        ([Self.frame(.settings, .acknowledgement, payload: Self.zeros(6))], .frameSize),
        ([Self.frame(.settings, payload: [0, 2, 0, 0, 0, 1])], .protocolError),
        ([Self.frame(.settings, payload: [0, 4, 0x80, 0, 0, 0])], .flowControl),
        ([Self.frame(.settings, payload: [0, 5, 0, 0, 0, 1])], .protocolError),
        ([Self.frame(.ping, on: 1, payload: Self.zeros(8))], .protocolError),
        ([Self.frame(.ping, payload: [0])], .frameSize),
        ([Self.frame(.goAway, payload: [0])], .frameSize),
        ([Self.frame(.goAway, on: 1, payload: Self.zeros(8))], .protocolError),
        ([Self.frame(.windowUpdate, payload: Self.zeros(4))], .protocolError),
        ([Self.frame(.windowUpdate, payload: [0])], .frameSize),
        ([Self.frame(.windowUpdate, on: 7, payload: [0, 0, 0, 1])], .protocolError),
        ([Self.frame(.pushPromise, .endHeaders, on: 1, payload: [0, 0, 0, 2])], .protocolError),
    ]

    @Test(arguments: [
        [Self.frame(.headers, on: 1)] + Array(repeating: Self.frame(.continuation, on: 1), count: 200),
        Array(repeating: Self.frame(.data, on: 1), count: 20_001),
    ])
    func `floods end the connection`(frames: [[UInt8]]) {
        let error = #expect(throws: HTTP2ConnectionError.self) { try Self.events(frames.flatMap { $0 }) }
        #expect(error?.code == .enhanceYourCalm)
    }

    @Test(arguments: Self.errors.indices) func `violations end the connection`(index: Int) {
        let error = #expect(throws: HTTP2ConnectionError.self) {
            try Self.events(Self.errors[index].frames.flatMap { $0 })
        }
        #expect(error?.code == Self.errors[index].code)
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.example ESMTP\r\n"])
    func `another protocol shows in the first frame`(text: String) {
        let error = #expect(throws: HTTP2ConnectionError.self) { try Self.events(Array(text.utf8), isBegun: false) }
        #expect(error?.code == .protocolError)
    }

    @Test func `the connection's window is given back in large pieces`() throws {
        var frames = ServerFrames(maxHeaderList: 1_000)
        frames.lastStream = 1
        frames.append(ByteBuffer(bytes: Self.settings))
        let data = Self.frame(.data, on: 1, payload: Self.zeros(16_384))
        let piece = ByteBuffer(bytes: Array(repeating: data, count: 64).flatMap { $0 })
        var returned = 0
        // 513 MiB, of a window of 1 GiB.
        for _ in 0..<513 {
            frames.append(piece)
            while try frames.next(at: .uptimeNanoseconds(0)) != nil { returned += frames.takeWindow() }
        }
        #expect(returned == (1 << 29) + 16_384)
    }
}
