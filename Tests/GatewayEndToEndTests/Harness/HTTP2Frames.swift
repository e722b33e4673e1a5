import GatewayHTTP2
import NIOCore

/// A frame as it is on the wire.
struct WireFrame: Sendable, CustomStringConvertible {
    var type: FrameType
    var flags: FrameFlags = []
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    var endsStream: Bool { self.flags.contains(.endStream) }
    /// The error code of RST_STREAM.
    var code: UInt32 { self.payload.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    var bytes: [UInt8] {
        var buffer = ByteBuffer()
        buffer.write(FrameHead(length: self.payload.count, type: self.type, flags: self.flags, streamID: self.stream))
        buffer.writeBytes(self.payload)
        return Array(buffer.readableBytesView)
    }

    var description: String {
        "type \(self.type.rawValue) flags \(self.flags.rawValue) stream \(self.stream) length \(self.payload.count)"
    }
}

/// The server's end of an HTTP/2 connection, frame by frame.
final class HTTP2Frames {
    /// A received request or trailer section, as `name: value` lines.
    struct Head {
        let stream: UInt32
        let lines: [String]
        /// The value of each line.
        let values: [[UInt8]]
        let endsStream: Bool

        subscript(name: String) -> String? {
            self.lines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
        }
    }

    let connection: RawConnection
    private var decoder = FieldBlockDecoder()
    /// The frames that concern the connection, as they were received.
    private(set) var control: [WireFrame] = []

    init(_ connection: RawConnection) { self.connection = connection }

    /// Reads the client's preface and sends the server's.
    func start(_ settings: [(HTTP2Setting, UInt32)] = []) async throws {
        let preface = try await self.connection.bytes(ClientPreface.length)
        guard preface == Array("\(ClientPreface.text)".utf8) else { throw TimedOut(what: "the preface") }
        var buffer = ByteBuffer()
        buffer.writeSettings(settings)
        try await self.send(buffer)
    }

    // MARK: Receiving

    func frame() async throws -> WireFrame {
        let bytes = try await self.connection.bytes(FrameHead.length)
        guard let head = bytes.withUnsafeBytes({ FrameHead($0) }) else { throw TimedOut(what: "a frame") }
        let payload = head.length > 0 ? try await self.connection.bytes(head.length) : []
        return WireFrame(type: head.type, flags: head.flags, stream: head.streamID, payload: payload)
    }

    /// The next frame of a stream. Answers SETTINGS and PING.
    func next() async throws -> WireFrame {
        while true {
            let frame = try await self.frame()
            guard frame.stream == 0 || frame.type == .windowUpdate else { return frame }
            self.control.append(frame)
            guard !frame.flags.contains(.acknowledgement) else { continue }
            switch frame.type {
            case .settings: try await self.send(WireFrame(type: .settings, flags: .acknowledgement))
            case .ping:
                try await self.send(WireFrame(type: .ping, flags: .acknowledgement, payload: frame.payload))
            default: break
            }
        }
    }

    /// The next head. Other frames of streams before it are dropped.
    func head() async throws -> Head {
        while true {
            let frame = try await self.next()
            guard frame.type == .headers else { continue }
            let (lines, values) = try self.fields(of: frame)
            return Head(stream: frame.stream, lines: lines, values: values, endsStream: frame.endsStream)
        }
    }

    /// The rest of a request: its body and trailers.
    func body() async throws -> (text: String, trailers: [String]) {
        var text = ""
        while true {
            let frame = try await self.next()
            if frame.type == .headers { return (text, try self.fields(of: frame).lines) }
            guard frame.type == .data else { continue }
            text += String(decoding: frame.payload, as: UTF8.self)
            if frame.endsStream { return (text, []) }
        }
    }

    private func fields(of frame: WireFrame) throws -> (lines: [String], values: [[UInt8]]) {
        var lines: [String] = []
        var values: [[UInt8]] = []
        try frame.payload.withUnsafeBytes { block in
            try self.decoder.decode(block, limit: .max) { field in
                lines.append(
                    "\(String(decoding: field.name, as: UTF8.self)): \(String(decoding: field.value, as: UTF8.self))"
                )
                values.append(Array(field.value))
            }
        }
        return (lines, values)
    }

    // MARK: Sending

    func send(_ frames: WireFrame...) async throws {
        try await self.connection.send(bytes: frames.flatMap(\.bytes))
    }

    private func send(_ buffer: ByteBuffer) async throws {
        try await self.connection.send(bytes: Array(buffer.readableBytesView))
    }

    /// A HEADERS frame with these `name: value` lines, as literals.
    static func headers(_ stream: UInt32, _ lines: [String], end: Bool = false) -> WireFrame {
        var block: [UInt8] = []
        func add(_ text: some StringProtocol) {
            let bytes = Array(text.utf8)
            if bytes.count < 127 {
                block.append(UInt8(bytes.count))
            } else {
                var rest = bytes.count - 127
                block.append(127)
                while rest >= 128 {
                    block.append(UInt8(rest & 127) | 128)
                    rest >>= 7
                }
                block.append(UInt8(rest))
            }
            block += bytes
        }
        for line in lines {
            let end = line.dropFirst().firstIndex(of: ":") ?? line.endIndex
            block.append(0)
            add(line[..<end])
            add(line[end...].dropFirst(line[end...].hasPrefix(": ") ? 2 : 1))
        }
        return WireFrame(
            type: .headers,
            flags: end ? [.endHeaders, .endStream] : .endHeaders,
            stream: stream,
            payload: block
        )
    }

    static func data(_ stream: UInt32, _ text: String, end: Bool = false) -> WireFrame {
        WireFrame(type: .data, flags: end ? .endStream : [], stream: stream, payload: Array(text.utf8))
    }

    static func reset(_ stream: UInt32, _ code: HTTP2ErrorCode) -> WireFrame {
        WireFrame(type: .reset, stream: stream, payload: self.bytes(of: code.rawValue))
    }

    static func goAway(last stream: UInt32, _ code: HTTP2ErrorCode = .noError) -> WireFrame {
        WireFrame(type: .goAway, payload: self.bytes(of: stream) + self.bytes(of: code.rawValue))
    }

    static func windowUpdate(_ stream: UInt32, by increment: UInt32) -> WireFrame {
        WireFrame(type: .windowUpdate, stream: stream, payload: self.bytes(of: increment))
    }

    static func settings(_ setting: HTTP2Setting, _ value: UInt32) -> WireFrame {
        WireFrame(type: .settings, payload: [0, UInt8(setting.rawValue)] + self.bytes(of: value))
    }

    private static func bytes(of number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

    /// Answers a request with 200 and this text.
    func answer(_ stream: UInt32, _ text: String) async throws {
        try await self.send(Self.headers(stream, [":status: 200"]), Self.data(stream, text, end: true))
    }
}

/// Runs a gateway in front of a scripted HTTP/2 upstream.
///
/// - Parameter script: What the upstream does on each connection, which it gets with its index.
func withHTTP2Upstream(
    _ settings: [(HTTP2Setting, UInt32)] = [],
    _ script: @escaping @Sendable (HTTP2Frames, Int) async throws -> Void,
    _ body: (RunningGateway, ScriptedUpstream) async throws -> Void
) async throws {
    let accept: ScriptedUpstream.Script = { session in
        let frames = HTTP2Frames(session.connection)
        try await frames.start(settings)
        try await script(frames, session.index)
    }
    try await withUpstream(accept) { scripted in
        try await withGateway(proxy(to: "h2c://127.0.0.1:\(scripted.port)")) { try await body($0, scripted) }
    }
}
