import NIOCore

/// What the fields of a head say about its body's length (RFC 9112 section 6.3) and about its connection (section 9.3),
/// with all that is ambiguous refused.
struct FramingFields {
    private let minorVersion: UInt8
    private var length: Int?
    private var isChunked = false
    /// A transfer coding stands before `chunked`.
    private var hasOtherCoding = false
    private var says = (close: false, keepAlive: false)
    /// `Connection` names fields that end here (RFC 9110 section 7.6.1).
    private(set) var namesFields = false

    package init(minorVersion: UInt8) { self.minorVersion = minorVersion }

    /// Reads one field, and writes a length in its canonical form.
    package mutating func read(at index: Int, of block: inout HeaderBlock) throws(MessageError) {
        let field = block.fields[index]
        switch field.id {
        case .contentLength:
            guard self.length == nil else { throw .malformed("more than one Content-Length") }
            self.length = try block.withBytes(field.value, Self.contentLength)
            // Some recipients read a leading zero as octal.
            if field.value.count > 1 { block.dropLeadingZeros(at: index) }
        case .transferEncoding:
            // Section 6.1: HTTP/1.0 has no transfer codings, and chunked is the last one.
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

    /// A list of codings other than `chunked` alone: nothing but its grammar matters (section 7), since none is
    /// implemented. The list's line end follows it in the block.
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
                    // It has no parameters (section 7.1).
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

    /// The framing that the fields declare, or nil if they do not.
    package func declared() throws(MessageError) -> BodyFraming? {
        guard self.isChunked else {
            guard !self.hasOtherCoding else { throw .malformed("Transfer-Encoding without chunked") }
            return self.length.map { $0 > 0 ? .length($0) : .none }
        }
        guard self.length == nil else { throw .malformed("Content-Length beside Transfer-Encoding") }
        guard !self.hasOtherCoding else { throw MessageError(.unsupportedCoding, "Transfer-Encoding") }
        return .chunked
    }

    /// Whether the connection outlives the message.
    package var keepAlive: Bool { !self.says.close && (self.minorVersion > 0 || self.says.keepAlive) }

    /// `Content-Length = 1*DIGIT` (RFC 9110 section 8.6), in what a signed 63-bit number holds.
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
