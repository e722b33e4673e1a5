import NIOCore
import NIOHPACK

/// A client that sends and receives single HTTP/2 frames, so that a test can send what no library would.
final class FrameClient {
    struct Frame: Hashable {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]
        /// The fields of HEADERS, as `name: value`.
        var fields: [String] = []

        var endsStream: Bool {
            (self.type == FrameClient.data || self.type == FrameClient.headers) && self.flags & 1 == 1
        }
        var text: String { String(decoding: self.payload, as: UTF8.self) }
        /// The error code of RST_STREAM or GOAWAY.
        var code: UInt32 {
            let start = self.type == FrameClient.goAway ? 4 : 0
            return self.payload.dropFirst(start).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    /// A response, or how its stream ended instead.
    struct Answer {
        var status = 0
        var fields: [String] = []
        var body = ""
        var trailers: [String] = []
        /// Interim responses.
        var interim: [Int] = []
        /// The code of an RST_STREAM that came before the end.
        var reset: UInt32?
    }

    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    let connection: RawConnection
    private var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

    private init(_ connection: RawConnection) { self.connection = connection }

    /// Connects and sends the preface and the payload of SETTINGS.
    static func connect(to gateway: RunningGateway, settings: [UInt8] = []) async throws -> FrameClient {
        let client = FrameClient(try await gateway.connect())
        try await client.connection.send(bytes: self.preface + self.frame(self.settings, payload: settings))
        return client
    }

    func close() { self.connection.close() }

    // MARK: Sending

    static func frame(_ type: UInt8, _ flags: UInt8 = 0, on stream: UInt32 = 0, payload: [UInt8] = []) -> [UInt8] {
        let length = UInt32(payload.count)
        return [UInt8(length >> 16), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), type, flags]
            + (0..<4).map { UInt8(stream >> (24 - 8 * $0) & 0xFF) } + payload
    }

    static func number(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(number >> (24 - 8 * $0) & 0xFF) } }

    func send(_ frames: [UInt8]...) async throws { try await self.connection.send(bytes: frames.flatMap { $0 }) }

    /// The fields of a request.
    static func request(
        _ method: String = "GET",
        _ path: String = "/",
        _ more: (String, String)...
    ) -> [(String, String)] {
        [(":method", method), (":scheme", "http"), (":authority", "a.example"), (":path", path)] + more
    }

    func block(_ fields: [(String, String)]) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try self.encoder.encode(headers: HPACKHeaders(fields), to: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// A HEADERS frame.
    func headers(_ fields: [(String, String)], on stream: UInt32 = 1, endsStream: Bool = true) throws -> [UInt8] {
        try Self.frame(Self.headers, endsStream ? 5 : 4, on: stream, payload: self.block(fields))
    }

    // MARK: Receiving

    /// The next frame; nil at the end of the connection.
    func next(within limit: TimeAmount = .seconds(Patience.seconds)) async throws -> Frame? {
        let frame = try await self.connection.inbox.take("a frame", within: limit) { bytes, end -> Frame?? in
            guard bytes.readableBytes >= 9, let head = bytes.getBytes(at: bytes.readerIndex, length: 9),
                case let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2]),
                bytes.readableBytes >= 9 + length
            else { return end == nil ? nil : .some(nil) }
            bytes.moveReaderIndex(forwardBy: 9)
            let stream = head[5...].reduce(0) { $0 << 8 | UInt32($1) }
            let payload = bytes.readBytes(length: length) ?? []
            return Frame(type: head[3], flags: head[4], stream: stream, payload: payload)
        }
        guard var frame, frame.type == Self.headers else { return frame }
        var block = ByteBuffer(bytes: frame.payload)
        frame.fields = try self.decoder.decodeHeaders(from: &block).map { "\($0.name): \($0.value)" }
        return frame
    }

    /// The next frame of a type; nil at the end of the connection.
    func next(_ type: UInt8) async throws -> Frame? {
        while let frame = try await self.next() { if frame.type == type { return frame } }
        return nil
    }

    /// Receives until a stream ends. Frames of other streams are dropped.
    func answer(on stream: UInt32 = 1) async throws -> Answer {
        var answer = Answer()
        while let frame = try await self.next() {
            guard frame.stream == stream else { continue }
            switch frame.type {
            case Self.headers where answer.status >= 200: answer.trailers = frame.fields
            case Self.headers:
                answer.status = Int(frame.fields[0].dropFirst(9)) ?? 0
                answer.fields = Array(frame.fields.dropFirst())
                if answer.status < 200 { answer.interim.append(answer.status) }
            case Self.data: answer.body += frame.text
            case Self.reset:
                answer.reset = frame.code
                return answer
            default: break
            }
            if frame.endsStream { return answer }
        }
        throw TimedOut(what: "the end of the stream")
    }

    /// Sends a request without a body and receives its response.
    func exchange(_ fields: [(String, String)], on stream: UInt32 = 1) async throws -> Answer {
        try await self.send(self.headers(fields, on: stream))
        return try await self.answer(on: stream)
    }
}
