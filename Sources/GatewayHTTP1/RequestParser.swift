package import NIOCore

/// Received bytes → request heads, strictly by RFC 9112. It keeps what it has scanned of a head that is not whole yet,
/// and nothing else: the bytes stay in the caller's buffer until a head is complete.
package struct RequestParser: Sendable {
    private let limits: HTTP1Limits
    private var scanner = HeadScanner(hasStartLine: true)
    private var skippedEmptyLine = false

    package init(limits: HTTP1Limits) { self.limits = limits }

    /// Takes the next head off the front of `buffer` into `head`; false where more bytes are needed.
    package mutating func parse(_ buffer: inout ByteBuffer, into head: inout RequestHead) throws(HTTP1Error) -> Bool {
        try self.skipEmptyLine(&buffer)
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return false }
        // A TLS record or noise is told apart by its first byte, before a deadline has to.
        guard first == 0x0D || ByteClass.lowercasedToken[Int(first)] != 0 else { throw .malformed("method") }
        let scanned = buffer.withUnsafeReadableBytes { [limits] bytes in
            Result { () throws(HTTP1Error) in try self.scanner.end(in: bytes, limits: limits) }
        }
        guard let length = try scanned.get() else { return false }
        self.scanner = HeadScanner(hasStartLine: true)
        self.skippedEmptyLine = false
        buffer.withUnsafeReadableBytes { head.headers.load(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
        buffer.moveReaderIndex(forwardBy: length)
        try Self.index(&head, limits: self.limits)
        return true
    }

    /// True between messages: a connection that ends here ends cleanly.
    package func isBetweenMessages(_ buffer: ByteBuffer) -> Bool { buffer.readableBytes == 0 }

    /// One empty line before a request line is ignored (RFC 9112 section 2.2).
    private mutating func skipEmptyLine(_ buffer: inout ByteBuffer) throws(HTTP1Error) {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self), first == 0x0D else { return }
        guard !self.skippedEmptyLine else { throw .malformed("empty line") }
        guard let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) else { return }
        guard second == 0x0A else { throw .malformed("bare CR") }
        buffer.moveReaderIndex(forwardBy: 2)
        self.skippedEmptyLine = true
        self.scanner = HeadScanner(hasStartLine: true)
        if buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) == 0x0D { throw .malformed("empty line") }
    }

    private static func index(_ head: inout RequestHead, limits: HTTP1Limits) throws(HTTP1Error) {
        var line = RequestLine()
        try head.headers.index { (bytes, fields) throws(HTTP1Error) in
            let fieldsStart = try line.parse(bytes)
            try FieldSection.parse(bytes, from: fieldsStart, into: &fields, limits: limits)
        }
        head.method = line.method
        head.methodName = line.methodName
        head.target = line.target
        head.minorVersion = line.minorVersion
        try Self.frame(&head)
    }

    /// Host (RFC 9112 section 3.2) and message body length (section 6.3), in one pass over the fields.
    private static func frame(_ head: inout RequestHead) throws(HTTP1Error) {
        var length: Int?
        var isChunked = false
        var hosts = 0
        head.keepAlive = head.minorVersion > 0
        head.expectsContinue = false
        head.host = .empty
        for field in head.headers.fields {
            switch field.id {
            case .host:
                hosts += 1
                head.host = field.value
            case .contentLength:
                guard length == nil else { throw .malformed("more than one Content-Length") }
                length = try head.headers.parseContentLength(field.value)
            case .transferEncoding:
                guard !isChunked, head.minorVersion > 0, head.headers.equals(field.value, "chunked") else {
                    throw .malformed("Transfer-Encoding")
                }
                isChunked = true
            case .expect:
                head.expectsContinue = head.minorVersion > 0 && head.headers.equals(field.value, "100-continue")
            default: break
            }
        }
        guard hosts == 1 || (hosts == 0 && head.minorVersion == 0) else { throw .malformed("Host") }
        if hosts == 1, !head.headers.withBytes(head.host, ByteClass.isAuthority) { throw .malformed("Host") }
        guard !isChunked || length == nil else { throw .malformed("Content-Length beside Transfer-Encoding") }
        head.framing = isChunked ? .chunked : length.map { $0 > 0 ? .length($0) : .none } ?? .none
        head.keepAlive = head.headers.keepAlive(minorVersion: head.minorVersion)
        if head.framing == .none { head.expectsContinue = false }
    }
}

/// `method SP request-target SP HTTP-version` (RFC 9112 section 3), single spaces only.
private struct RequestLine {
    var method = Method.get
    var methodName = ByteRange.empty
    var target = ByteRange.empty
    var minorVersion: UInt8 = 1

    /// Returns where the field lines begin.
    mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(HTTP1Error) -> Int {
        var position = 0
        while ByteClass.lowercasedToken[Int(bytes[position])] != 0 { position &+= 1 }
        guard position > 0, bytes[position] == 0x20 else { throw .malformed("method") }
        self.methodName = ByteRange(offset: 0, count: position)
        self.method = Method(UnsafeRawBufferPointer(rebasing: bytes[..<position]))
        position &+= 1
        let targetStart = position
        while bytes[position] > 0x20 { position &+= 1 }
        self.target = ByteRange(offset: targetStart, count: position - targetStart)
        let target = UnsafeRawBufferPointer(rebasing: bytes[targetStart..<position])
        guard bytes[position] == 0x20, ByteClass.isTarget(target) else { throw .malformed("request target") }
        position &+= 1
        self.minorVersion = try HTTPVersion.minor(bytes, at: position)
        position &+= HTTPVersion.length
        guard bytes[position] == 0x0D, bytes[position + 1] == 0x0A else { throw .malformed("HTTP version") }
        return position + 2
    }
}

/// `HTTP-version` (RFC 9112 section 2.3).
enum HTTPVersion {
    static let length = 8

    static func minor(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(HTTP1Error) -> UInt8 {
        let name = UnsafeRawBufferPointer("HTTP/" as StaticString)
        guard bytes.count >= position + Self.length, bytes[position..<(position + 5)].elementsEqual(name),
            ByteClass.isDigit(bytes[position + 5]), bytes[position + 6] == UInt8(ascii: "."),
            ByteClass.isDigit(bytes[position + 7])
        else { throw .malformed("HTTP version") }
        guard bytes[position + 5] == UInt8(ascii: "1") else { throw HTTP1Error(.unsupportedVersion, "HTTP version") }
        return min(bytes[position + 7] & 0x0F, 1)
    }
}

extension HeaderBlock {
    /// Runs an indexer over the loaded bytes with the field list beside them.
    mutating func index(
        _ body: (UnsafeRawBufferPointer, inout ContiguousArray<Field>) throws(HTTP1Error) -> Void
    ) throws(HTTP1Error) {
        let result = self.indexing { (bytes, fields) in
            Result { () throws(HTTP1Error) in try body(bytes, &fields) }
        }
        try result.get()
    }

    func parseContentLength(_ value: ByteRange) throws(HTTP1Error) -> Int {
        try self.withBytes(value) { bytes in
            Result { () throws(HTTP1Error) in try FieldSection.contentLength(bytes) }
        }.get()
    }

    /// Whether the connection outlives this message (RFC 9112 section 9.3).
    func keepAlive(minorVersion: UInt8) -> Bool {
        guard self.contains(.connection) else { return minorVersion > 0 }
        if self.contains("close", in: .connection) { return false }
        return minorVersion > 0 || self.contains("keep-alive", in: .connection)
    }
}
