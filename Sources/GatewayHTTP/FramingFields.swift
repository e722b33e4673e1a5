import NIOCore

/// The framing declared by the fields of a head: the length of its body (RFC 9112 section 6.3) and whether the
/// connection persists (section 9.3). Rejects everything that is ambiguous.
struct FramingFields {
    private let minorVersion: UInt8
    private var length: Int?
    private var isChunked = false
    /// Whether a transfer coding precedes `chunked`.
    private var hasOtherCoding = false
    private var says = (close: false, keepAlive: false)
    /// Whether `Connection` lists hop-by-hop fields (RFC 9110 section 7.6.1).
    private(set) var namesFields = false

    init(minorVersion: UInt8) { self.minorVersion = minorVersion }

    /// Reads one field. A length is rewritten in its canonical form.
    mutating func read(at index: Int, of block: inout HeaderBlock) throws(MessageError) {
        let field = block.fields[index]
        switch field.id {
        case .contentLength:
            guard self.length == nil else { throw .malformed("more than one Content-Length") }
            self.length = try block.withBytes(field.value, Self.contentLength)
            // Some recipients read a number with a leading zero as octal.
            if field.value.count > 1 { block.dropLeadingZeros(at: index) }
        case .transferEncoding:
            // RFC 9112 section 6.1: HTTP/1.0 has no transfer codings, and chunked is the last coding.
            guard !self.isChunked, self.minorVersion > 0 else { throw .malformed("Transfer-Encoding") }
            if block.equals(field.value, "chunked") {
                self.isChunked = true
            } else {
                try self.readCodings(at: field.value.offset, of: block)
            }
        case .connection:
            block.withBytes(field.value) { value in
                FieldList.forEachMember(of: value) { token in
                    if ByteClass.equalsIgnoringCase(token, UnsafeRawBufferPointer("close")) {
                        self.says.close = true
                    } else if ByteClass.equalsIgnoringCase(token, UnsafeRawBufferPointer("keep-alive")) {
                        self.says.keepAlive = true
                    } else {
                        self.namesFields = true
                    }
                }
            }
        default: break
        }
    }

    /// Reads a list of codings other than just `chunked`. No other coding is implemented, so only the grammar is
    /// checked (RFC 9112 section 7). The list's line end follows it in the block.
    private mutating func readCodings(at offset: Int, of block: borrowing HeaderBlock) throws(MessageError) {
        let rest = ByteRange(offset: offset, count: block.bytes.readableBytes - offset)
        try block.withBytes(rest) { (bytes) throws(MessageError) in
            var index = 0
            while true {
                guard let nameEnd = try ParameterList.tokenEnd(in: bytes, from: index),
                    let end = try ParameterList.end(in: bytes, from: nameEnd, requiresValues: true)
                else { throw .malformed("Transfer-Encoding") }
                let name = UnsafeRawBufferPointer(rebasing: bytes[index..<nameEnd])
                if ByteClass.equalsIgnoringCase(name, UnsafeRawBufferPointer("chunked" as StaticString)) {
                    // `chunked` has no parameters (RFC 9112 section 7.1).
                    guard !self.isChunked, end == nameEnd else { throw .malformed("Transfer-Encoding") }
                    self.isChunked = true
                } else {
                    guard !self.isChunked else { throw .malformed("Transfer-Encoding") }
                    self.hasOtherCoding = true
                }
                let next = ParameterList.blanksEnd(in: bytes, from: end)
                if bytes[next] == 0x0D { return }
                guard bytes[next] == UInt8(ascii: ",") else { throw .malformed("Transfer-Encoding") }
                index = ParameterList.blanksEnd(in: bytes, from: next + 1)
            }
        }
    }

    /// Returns the declared framing, or nil if the fields declare none.
    func declared() throws(MessageError) -> BodyFraming? {
        guard self.isChunked else {
            guard !self.hasOtherCoding else { throw .malformed("Transfer-Encoding without chunked") }
            return self.length.map { $0 > 0 ? .length($0) : .none }
        }
        guard self.length == nil else { throw .malformed("Content-Length beside Transfer-Encoding") }
        guard !self.hasOtherCoding else { throw MessageError(.unsupportedCoding, "Transfer-Encoding") }
        return .chunked
    }

    /// Whether the connection persists after the message.
    var keepAlive: Bool { !self.says.close && (self.minorVersion > 0 || self.says.keepAlive) }

    /// Parses `Content-Length = 1*DIGIT` (RFC 9110 section 8.6), up to the largest signed 64-bit integer.
    private static func contentLength(_ bytes: UnsafeRawBufferPointer) throws(MessageError) -> Int {
        guard !bytes.isEmpty else { throw .malformed("Content-Length") }
        var length = 0
        for byte in bytes {
            guard ByteClass.isDigit(byte) else { throw .malformed("Content-Length") }
            let (shifted, over) = length.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = shifted.addingReportingOverflow(Int(byte & 0x0F))
            guard !over, !overflow else { throw .malformed("Content-Length") }
            length = sum
        }
        return length
    }
}
