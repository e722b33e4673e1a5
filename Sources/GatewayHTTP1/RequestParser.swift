package import GatewayHTTP
package import NIOCore

/// Parses request heads, strictly according to RFC 9112. It only keeps track of how far it has scanned an incomplete
/// head. The bytes stay in the caller's buffer until the head is complete.
package struct RequestParser: Sendable {
    package var limits: HTTP1Limits
    private var scanner = HeadScanner(hasStartLine: true)
    private var skippedEmptyLine = false

    package init(limits: HTTP1Limits) { self.limits = limits }

    /// Reads the next head from the front of `buffer` into `head`. Returns false if more bytes are needed. A rejected
    /// head stays in the buffer.
    package mutating func parse(_ buffer: inout ByteBuffer, into head: inout RequestHead) throws(MessageError) -> Bool {
        try self.skipEmptyLine(&buffer)
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return false }
        // The first byte identifies a TLS record or noise, so do not wait for the deadline.
        guard first == 0x0D || ByteClass.isTokenByte(first) else { throw .malformed("method") }
        let limits = self.limits
        let length = try buffer.withUnsafeReadableBytes { (bytes) throws(MessageError) -> Int? in
            guard let length = try self.scanner.end(in: bytes, limits: limits) else { return nil }
            head.headers.load(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
            return length
        }
        guard let length else { return false }
        try Self.index(&head, limits: limits)
        buffer.moveReaderIndex(forwardBy: length)
        self.scanner = HeadScanner(hasStartLine: true)
        self.skippedEmptyLine = false
        return true
    }

    /// Returns whether the connection can end cleanly here, between messages.
    package func isBetweenMessages(_ buffer: ByteBuffer) -> Bool { buffer.readableBytes == 0 }

    /// Ignores one empty line before a request line (RFC 9112 section 2.2).
    private mutating func skipEmptyLine(_ buffer: inout ByteBuffer) throws(MessageError) {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self), first == 0x0D else { return }
        guard !self.skippedEmptyLine else { throw .malformed("empty line") }
        guard let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return }
        guard second == 0x0A else { throw .malformed("bare CR") }
        buffer.moveReaderIndex(forwardBy: 2)
        self.skippedEmptyLine = true
        self.scanner = HeadScanner(hasStartLine: true)
        if buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) == 0x0D { throw .malformed("empty line") }
    }

    private static func index(_ head: inout RequestHead, limits: HTTP1Limits) throws(MessageError) {
        var line = RequestLine()
        try head.headers.index { (bytes, fields) throws(MessageError) in
            let fieldsStart = try line.parse(bytes)
            try FieldSection.parse(bytes, from: fieldsStart, into: &fields, limits: limits)
        }
        head.method = line.method
        head.methodName = line.methodName
        head.target = line.target.whole
        head.pathAndQuery = line.target.path
        head.isTargetHTTPS = line.target.isHTTPS
        head.minorVersion = line.minorVersion
        head.isHTTP2 = false
        try head.frame(authority: line.target.authority)
    }
}

extension RequestHead {
    /// Creates a head with the method of a rejected head, if the method can be read.
    package init(refused head: ByteBuffer) {
        self.init()
        self.method = .other
        head.withUnsafeReadableBytes { bytes in
            guard let end = bytes.firstIndex(where: { !ByteClass.isTokenByte($0) }), bytes[end] == 0x20 else { return }
            let name = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            self.headers.load(name)
            self.methodName = ByteRange(offset: 0, count: end)
            self.method = Method(name)
        }
    }
}

/// A line `method SP request-target SP HTTP-version` (RFC 9112 section 3), with single spaces only.
private struct RequestLine {
    var method = Method.get
    var methodName = ByteRange.empty
    var target = RequestTarget()
    var minorVersion: UInt8 = 1

    /// Parses the line. Returns the start of the field lines.
    mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(MessageError) -> Int {
        var position = 0
        while ByteClass.isTokenByte(bytes[position]) { position &+= 1 }
        guard position > 0, bytes[position] == 0x20 else { throw .malformed("method") }
        self.methodName = ByteRange(offset: 0, count: position)
        self.method = Method(UnsafeRawBufferPointer(rebasing: bytes[..<position]))
        position &+= 1
        let targetStart = position
        while ByteClass.isTargetByte(bytes[position]) { position &+= 1 }
        guard bytes[position] == 0x20 else { throw .malformed("request target") }
        let target = targetStart..<position
        position &+= 1
        // Check the version first, because the rules for the target depend on it.
        self.minorVersion = try HTTPVersion.minor(bytes, at: position)
        try self.target.parse(bytes, target, method: self.method)
        position &+= HTTPVersion.length
        guard bytes[position] == 0x0D, bytes[position + 1] == 0x0A else { throw .malformed("HTTP version") }
        return position + 2
    }
}
