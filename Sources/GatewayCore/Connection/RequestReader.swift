import GatewayHTTP
package import GatewayHTTP1
package import NIOCore

/// Reads the bytes of a client connection as requests: a head, then the pieces of its body, then the next head.
package struct RequestReader {
    private var parser: RequestParser
    private var decoder: BodyDecoder
    /// Bytes that have not been read as a request yet.
    package private(set) var buffer = ByteBuffer()
    /// How much of the current body has been read, framing included.
    private(set) var bodyBytes = 0

    enum Head: Hashable {
        /// No byte of it. An empty line before a request is not part of it (RFC 9112 section 2.2).
        case none
        case incomplete
        case complete
    }

    package init(limits: HTTP1Limits) {
        self.parser = RequestParser(limits: limits)
        self.decoder = BodyDecoder(.none, limits: limits)
    }

    var buffered: Int { self.buffer.readableBytes }

    package mutating func append(_ bytes: inout ByteBuffer) {
        if self.buffer.readableBytes == 0 { self.buffer = bytes } else { self.buffer.writeBuffer(&bytes) }
    }

    /// Drops what was received and not read.
    package mutating func drop() { self.buffer.clear() }

    /// Gives back the memory of a buffer that has been read completely.
    mutating func trim() { if self.buffer.readableBytes == 0 { self.buffer = ByteBuffer() } }

    /// Gives back all memory; nothing more is read.
    package mutating func release() { self.buffer = ByteBuffer() }

    mutating func readHead(into request: inout RequestHead) throws(MessageError) -> Head {
        if try self.parser.parse(&self.buffer, into: &request) { return .complete }
        return self.buffer.readableBytes > 0 ? .incomplete : .none
    }

    /// Prepares for the body of the head that was read last.
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

    /// The trailers of a body that has been read to its end.
    package var trailers: TrailerSection? { self.decoder.trailers }
}
