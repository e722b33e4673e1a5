/// `chunk-size [ chunk-ext ] CRLF` (RFC 9112 section 7.1). Extensions are checked and dropped; white space before them,
/// which some parsers read differently, is refused.
struct ChunkLine {
    let size: Int
    /// In bytes, with the line end.
    let count: Int

    /// Without the line end. Nobody needs more; an endless extension is an attack.
    private static let limit = 256
    /// Leading zeros among them: whatever they say fits a signed number.
    private static let digitLimit = 15

    /// Nil where more bytes are needed.
    init?(_ bytes: UnsafeRawBufferPointer) throws(HTTP1Error) {
        var size = 0
        var index = 0
        while index < bytes.count, let value = ByteClass.hexValue(bytes[index]) {
            guard index < Self.digitLimit else { throw .malformed("chunk size") }
            size = size << 4 | value
            index &+= 1
        }
        if index < bytes.count, index > 0, bytes[index] == UInt8(ascii: ";") {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, Self.limit + 1)])
            index = ByteClass.fieldValueEnd(in: rest, from: index)
            guard index <= Self.limit else { throw .malformed("chunk extension") }
        }
        guard index < bytes.count else { return nil }
        guard index > 0, bytes[index] == 0x0D else { throw .malformed("chunk size") }
        guard index + 1 < bytes.count else { return nil }
        guard bytes[index + 1] == 0x0A else { throw .malformed("bare CR") }
        self.size = size
        self.count = index + 2
    }
}
