/// `HTTP-version` (RFC 9112 section 2.3).
enum HTTPVersion {
    static let length = 8

    static func minor(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(HTTP1Error) -> UInt8 {
        guard bytes.count >= position + Self.length,
            ByteClass.equals(UnsafeRawBufferPointer(rebasing: bytes[position..<(position + 5)]), "HTTP/"),
            ByteClass.isDigit(bytes[position + 5]), bytes[position + 6] == UInt8(ascii: "."),
            ByteClass.isDigit(bytes[position + 7])
        else { throw .malformed("HTTP version") }
        guard bytes[position + 5] == UInt8(ascii: "1") else { throw HTTP1Error(.unsupportedVersion, "HTTP version") }
        return min(bytes[position + 7] & 0x0F, 1)
    }
}
