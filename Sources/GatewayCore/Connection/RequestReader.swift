import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// Reads requests from the bytes of a client connection: a head, then the pieces of its body, then the next head.
struct RequestReader {
    private var parser: RequestParser
    private var decoder: BodyDecoder
    /// The bytes that have not been read as a request yet.
    private(set) var buffer = ByteBuffer()
    /// The number of bytes read of the current body, including framing.
    private(set) var bodyBytes = 0

    enum Head: Hashable {
        /// No byte of a head has arrived. An empty line before a request does not count (RFC 9112 section 2.2).
        case none
        case incomplete
        case complete
    }

    init(limits: HTTP1Limits) {
        self.parser = RequestParser(limits: limits)
        self.decoder = BodyDecoder(.none, limits: limits)
    }

    var buffered: Int { self.buffer.readableBytes }

    mutating func append(_ bytes: inout ByteBuffer) {
        if self.buffer.readableBytes == 0 { self.buffer = bytes } else { self.buffer.writeBuffer(&bytes) }
    }

    /// Applies new limits to the next head.
    mutating func change(_ limits: HTTP1Limits) { self.parser.limits = limits }

    /// Removes and returns the unread bytes.
    mutating func takeAll() -> ByteBuffer {
        defer { self.buffer = ByteBuffer() }
        return self.buffer
    }

    /// Drops the unread bytes.
    mutating func drop() { self.buffer.clear() }

    /// Releases the memory of a buffer that was read completely.
    mutating func trim() { if self.buffer.readableBytes == 0 { self.buffer = ByteBuffer() } }

    /// Releases all memory. Nothing more is read.
    mutating func release() { self.buffer = ByteBuffer() }

    mutating func readHead(into request: inout RequestHead) throws(MessageError) -> Head {
        if try self.parser.parse(&self.buffer, into: &request) { return .complete }
        return self.buffer.readableBytes > 0 ? .incomplete : .none
    }

    /// Prepares for the body of the last head.
    mutating func beginBody(_ framing: BodyFraming, limits: HTTP1Limits) {
        self.decoder = BodyDecoder(framing, limits: limits)
        self.bodyBytes = 0
    }

    mutating func readBody() throws(MessageError) -> BodyDecoder.Event {
        let before = self.buffer.readableBytes
        let event = try self.decoder.next(&self.buffer)
        self.bodyBytes &+= before - self.buffer.readableBytes
        return event
    }

    /// The trailers of a body that was read to its end.
    var trailers: TrailerSection? { self.decoder.trailers }
}
