import GatewayHTTP

/// Parses `HTTP-version` (RFC 9112 section 2.3).
enum HTTPVersion {
    static let length = 8
    /// "HTTP/", a digit, ".", a digit.
    private static let prefix: UInt64 = 0x002E_002F_5054_5448

    static func minor(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(MessageError) -> UInt8 {
        guard bytes.count >= position + Self.length else { throw .malformed("HTTP version") }
        // Compares eight bytes at once, except the digits.
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        guard word & 0x00FF_00FF_FFFF_FFFF == Self.prefix, ByteClass.isDigit(bytes[position + 5]),
            ByteClass.isDigit(bytes[position + 7])
        else { throw .malformed("HTTP version") }
        guard bytes[position + 5] == UInt8(ascii: "1") else { throw MessageError(.unsupportedVersion, "HTTP version") }
        return min(bytes[position + 7] & 0x0F, 1)
    }
}
