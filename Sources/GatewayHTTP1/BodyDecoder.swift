package import GatewayHTTP
package import NIOCore

/// Decodes received bytes into body bytes and trailers, according to the message's framing (RFC 9112 sections 6 and
/// 7).
package struct BodyDecoder: Sendable {
    private var state: State
    private let limits: HTTP1Limits
    /// The trailers, after ``Event/end`` of a chunked body with a trailer section. Otherwise nil.
    package private(set) var trailers: TrailerSection?

    private enum State: Sendable {
        /// → ended
        case length(Int)
        /// → chunkData, trailers
        case chunkSize
        /// → chunkEnd
        case chunkData(Int)
        /// → chunkSize
        case chunkEnd
        /// → ended
        case trailers(HeadScanner)
        /// → ended, when the connection ends
        case untilClose
        case ended
    }

    package enum Event: Sendable {
        case needMore
        case bytes(ByteBuffer)
        case end
    }

    package init(_ framing: BodyFraming, limits: HTTP1Limits) {
        self.limits = limits
        self.state =
            switch framing {
            case .none: .ended
            case .length(let length): length > 0 ? .length(length) : .ended
            case .chunked: .chunkSize
            case .untilClose: .untilClose
            }
    }

    package var isEnded: Bool { if case .ended = self.state { true } else { false } }

    /// Reads the next piece from the front of `buffer`. Call it again until it returns ``Event/needMore`` or
    /// ``Event/end``.
    package mutating func next(_ buffer: inout ByteBuffer) throws(MessageError) -> Event {
        while true {
            switch self.state {
            case .ended: return .end
            case .untilClose: return Self.take(Int.max, from: &buffer).map { .bytes($0) } ?? .needMore
            case .length(let left):
                guard let piece = Self.take(left, from: &buffer) else { return .needMore }
                self.state = piece.readableBytes == left ? .ended : .length(left - piece.readableBytes)
                return .bytes(piece)
            case .chunkData(let left):
                guard let piece = Self.take(left, from: &buffer) else { return .needMore }
                self.state = piece.readableBytes == left ? .chunkEnd : .chunkData(left - piece.readableBytes)
                return .bytes(piece)
            case .chunkSize:
                guard let size = try Self.chunkSize(&buffer) else { return .needMore }
                self.state = size > 0 ? .chunkData(size) : .trailers(HeadScanner(hasStartLine: false))
            case .chunkEnd:
                guard try Self.skipLineEnd(&buffer) else { return .needMore }
                self.state = .chunkSize
            case .trailers(let scanner):
                guard try self.readTrailers(&buffer, scanner) else { return .needMore }
                self.state = .ended
            }
        }
    }

    /// Handles the end of the connection, which is an error unless it ends the body.
    package mutating func endOfInput() throws(MessageError) {
        switch self.state {
        case .untilClose, .ended: self.state = .ended
        case .length, .chunkSize, .chunkData, .chunkEnd, .trailers:
            throw MessageError(.truncated, "connection closed inside a body")
        }
    }

    private static func take(_ limit: Int, from buffer: inout ByteBuffer) -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        return buffer.readSlice(length: min(limit, buffer.readableBytes))
    }

    private static func chunkSize(_ buffer: inout ByteBuffer) throws(MessageError) -> Int? {
        let line = try buffer.withUnsafeReadableBytes { (bytes) throws(MessageError) in try ChunkLine(bytes) }
        guard let line else { return nil }
        buffer.moveReaderIndex(forwardBy: line.count)
        return line.size
    }

    private static func skipLineEnd(_ buffer: inout ByteBuffer) throws(MessageError) -> Bool {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return false }
        guard first == 0x0D else { throw .malformed("chunk data longer than its size") }
        guard let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return false }
        guard second == 0x0A else { throw .malformed("bare CR") }
        buffer.moveReaderIndex(forwardBy: 2)
        return true
    }

    private mutating func readTrailers(
        _ buffer: inout ByteBuffer,
        _ resumed: HeadScanner
    ) throws(MessageError) -> Bool {
        var scanner = resumed
        let limits = self.limits
        let length = try buffer.withUnsafeReadableBytes { (bytes) throws(MessageError) in
            try scanner.end(in: bytes, limits: limits)
        }
        guard let length else {
            self.state = .trailers(scanner)
            return false
        }
        if length > 2 {
            var block = HeaderBlock()
            buffer.withUnsafeReadableBytes { block.load(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
            try block.index { (bytes, fields) throws(MessageError) in
                try FieldSection.parse(bytes, from: 0, into: &fields, limits: limits)
            }
            self.trailers = TrailerSection(received: block)
        }
        buffer.moveReaderIndex(forwardBy: length)
        return true
    }
}
