package import NIOCore

/// Received bytes → response heads, as strictly as requests: an upstream that cannot be understood is not guessed at.
package struct ResponseParser: Sendable {
    private let limits: HTTP1Limits
    private var scanner = HeadScanner(hasStartLine: true)

    package init(limits: HTTP1Limits) { self.limits = limits }

    /// Takes the next head off the front of `buffer`; false where more bytes are needed.
    ///
    /// - Parameter method: of the request that this answers, which decides with the status whether there is a body.
    package mutating func parse(
        _ buffer: inout ByteBuffer,
        into head: inout ResponseHead,
        answering method: Method
    ) throws(HTTP1Error) -> Bool {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return false }
        guard first == UInt8(ascii: "H") else { throw .malformed("status line") }
        let scanned = buffer.withUnsafeReadableBytes { [limits] bytes in
            Result { () throws(HTTP1Error) in try self.scanner.end(in: bytes, limits: limits) }
        }
        guard let length = try scanned.get() else { return false }
        self.scanner = HeadScanner(hasStartLine: true)
        buffer.withUnsafeReadableBytes { head.headers.load(UnsafeRawBufferPointer(rebasing: $0[..<length])) }
        buffer.moveReaderIndex(forwardBy: length)
        var line = StatusLine()
        let limits = self.limits
        try head.headers.index { (bytes, fields) throws(HTTP1Error) in
            let fieldsStart = try line.parse(bytes)
            try FieldSection.parse(bytes, from: fieldsStart, into: &fields, limits: limits)
        }
        head.minorVersion = line.minorVersion
        head.status = line.status
        head.reason = line.reason
        try Self.frame(&head, answering: method)
        return true
    }

    /// Message body length (RFC 9112 section 6.3), for a status and a method.
    private static func frame(_ head: inout ResponseHead, answering method: Method) throws(HTTP1Error) {
        var length: Int?
        var isChunked = false
        for field in head.headers.fields {
            switch field.id {
            case .contentLength:
                guard length == nil else { throw .malformed("more than one Content-Length") }
                length = try head.headers.parseContentLength(field.value)
            case .transferEncoding:
                guard !isChunked, head.minorVersion > 0, head.headers.equals(field.value, "chunked") else {
                    throw .malformed("Transfer-Encoding")
                }
                isChunked = true
            default: break
            }
        }
        guard !isChunked || length == nil else { throw .malformed("Content-Length beside Transfer-Encoding") }
        head.keepAlive = head.headers.keepAlive(minorVersion: head.minorVersion)
        if method == .head || head.status < 200 || head.status == 204 || head.status == 304 {
            head.framing = .none
        } else if isChunked {
            head.framing = .chunked
        } else if let length {
            head.framing = length > 0 ? .length(length) : .none
        } else {
            head.framing = .untilClose
            head.keepAlive = false
        }
    }
}

/// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 section 4).
private struct StatusLine {
    var minorVersion: UInt8 = 1
    var status = 0
    var reason = ByteRange.empty

    /// Returns where the field lines begin.
    mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(HTTP1Error) -> Int {
        self.minorVersion = try HTTPVersion.minor(bytes, at: 0)
        var position = HTTPVersion.length
        guard bytes.count > position + 5, bytes[position] == 0x20, bytes[position + 4] == 0x20 else {
            throw .malformed("status line")
        }
        for digit in bytes[(position + 1)...(position + 3)] {
            guard ByteClass.isDigit(digit) else { throw .malformed("status code") }
            self.status = self.status * 10 + Int(digit & 0x0F)
        }
        guard (100...599).contains(self.status) else { throw .malformed("status code") }
        position += 5
        let reasonStart = position
        while bytes[position] != 0x0D { position += 1 }
        guard bytes[position + 1] == 0x0A else { throw .malformed("bare CR") }
        self.reason = ByteRange(offset: reasonStart, count: position - reasonStart)
        guard ByteClass.isFieldValue(UnsafeRawBufferPointer(rebasing: bytes[reasonStart..<position])) else {
            throw .malformed("reason phrase")
        }
        return position + 2
    }
}
