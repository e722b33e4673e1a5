import GatewayHTTP

/// A line `chunk-size [ chunk-ext ] CRLF` (RFC 9112 section 7.1). Extensions must be well-formed, and are dropped.
struct ChunkLine {
    let size: Int
    /// The length in bytes, including the line end.
    let count: Int

    /// The maximum length of a line in bytes, without its end. Nothing needs more; an endless extension is an attack.
    private static let limit = 256
    /// The maximum number of digits, including leading zeros. Fifteen digits always fit in a signed integer.
    private static let digitLimit = 15

    /// Reads a line, or returns nil if more bytes are needed.
    init?(_ bytes: UnsafeRawBufferPointer) throws(MessageError) {
        var size = 0
        var index = 0
        while index < bytes.count, let value = ByteClass.hexValue(bytes[index]) {
            guard index < Self.digitLimit else { throw .malformed("chunk size") }
            size = size << 4 | value
            index &+= 1
        }
        guard index < bytes.count else { return nil }
        guard index > 0 else { throw .malformed("chunk size") }
        if bytes[index] != 0x0D {
            guard let end = try Self.extensionEnd(in: bytes, from: index) else { return nil }
            index = end
        }
        guard index + 1 < bytes.count else { return nil }
        guard bytes[index + 1] == 0x0A else { throw .malformed("bare CR") }
        self.size = size
        self.count = index + 2
    }

    /// Returns the offset of the CR that ends the line, or nil if more bytes are needed.
    private static func extensionEnd(
        in bytes: UnsafeRawBufferPointer,
        from start: Int
    ) throws(MessageError) -> Int? {
        let line = UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, Self.limit + 1)])
        guard let end = try ParameterList.end(in: line, from: start, requiresValues: false) else {
            guard line.count <= Self.limit else { throw .malformed("chunk extension") }
            return nil
        }
        guard line[end] == 0x0D else { throw .malformed("chunk extension") }
        return end
    }
}
