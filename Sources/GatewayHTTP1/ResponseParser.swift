package import GatewayHTTP
package import NIOCore

/// Parses response heads, as strictly as requests: a malformed response is rejected, never guessed at.
package struct ResponseParser: Sendable {
    private let limits: HTTP1Limits
    private var scanner = HeadScanner(hasStartLine: true, limitsWhole: true)

    package init(limits: HTTP1Limits) { self.limits = limits }

    /// Reads the next head from the front of `buffer`. Returns false if more bytes are needed.
    ///
    /// - Parameter method: The method of the request. Together with the status, it determines whether the response
    ///   has a body.
    package mutating func parse(
        _ buffer: inout ByteBuffer,
        into head: inout ResponseHead,
        answering method: Method
    ) throws(MessageError) -> Bool {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return false }
        guard first == UInt8(ascii: "H") else { throw .malformed("status line") }
        let limits = self.limits
        let length = try buffer.withUnsafeReadableBytes { (bytes) throws(MessageError) -> Int? in
            guard let length = try self.scanner.end(in: bytes, limits: limits) else { return nil }
            head.headers.load(UnsafeRawBufferPointer(rebasing: bytes[..<length]))
            return length
        }
        guard let length else { return false }
        buffer.moveReaderIndex(forwardBy: length)
        self.scanner = HeadScanner(hasStartLine: true, limitsWhole: true)
        var line = StatusLine()
        try head.headers.index { (bytes, fields) throws(MessageError) in
            let fieldsStart = try line.parse(bytes)
            try FieldSection.parse(bytes, from: fieldsStart, into: &fields, limits: limits)
        }
        head.minorVersion = line.minorVersion
        head.status = line.status
        head.reason = line.reason
        try head.frame(answering: method)
        return true
    }
}

/// A line `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 section 4).
private struct StatusLine {
    var minorVersion: UInt8 = 1
    var status = 0
    var reason = ByteRange.empty

    /// Parses the line. Returns the start of the field lines.
    mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(MessageError) -> Int {
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
        position = ByteClass.fieldValueEnd(in: bytes, from: reasonStart)
        guard bytes[position] == 0x0D, bytes[position + 1] == 0x0A else { throw .malformed("reason phrase") }
        self.reason = ByteRange(offset: reasonStart, count: position - reasonStart)
        return position + 2
    }
}
