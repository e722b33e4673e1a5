/// An `IP-literal` (RFC 3986 section 3.2.2), without its brackets.
enum IPLiteral {
    /// Returns whether the bytes are an IPv6 address, or an address of a later version (`v1.a`).
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return false }
        return first | 0x20 == UInt8(ascii: "v") ? self.isFutureAddress(bytes) : self.isIPv6(bytes)
    }

    /// Matches `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
    private static func isFutureAddress(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 1
        while index < bytes.count, ByteClass.isHexDigit(bytes[index]) { index &+= 1 }
        guard index > 1, index + 1 < bytes.count, bytes[index] == UInt8(ascii: ".") else { return false }
        return bytes[(index + 1)...].allSatisfy { ByteClass.isNameByte($0) || $0 == UInt8(ascii: ":") }
    }

    /// Matches eight groups of up to four digits, the last two of which may be an IPv4 address. One "::" replaces the
    /// missing groups.
    private static func isIPv6(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var groups = 0
        var index = 0
        var isShortened = false
        if bytes.count >= 2, bytes[0] == UInt8(ascii: ":"), bytes[1] == UInt8(ascii: ":") {
            isShortened = true
            index = 2
        }
        while index < bytes.count {
            var end = index
            while end < bytes.count, ByteClass.isHexDigit(bytes[end]) { end &+= 1 }
            if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
                guard self.isIPv4(UnsafeRawBufferPointer(rebasing: bytes[index...])) else { return false }
                groups += 2
                break
            }
            guard (1...4).contains(end - index) else { return false }
            groups += 1
            guard end < bytes.count else { break }
            index = end + 1
            guard bytes[end] == UInt8(ascii: ":"), index < bytes.count else { return false }
            if bytes[index] == UInt8(ascii: ":") {
                guard !isShortened else { return false }
                isShortened = true
                index += 1
            }
        }
        return isShortened ? groups < 8 : groups == 8
    }

    /// Matches four numbers up to 255 without leading zeros.
    private static func isIPv4(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let octets = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return octets.count == 4
            && octets.allSatisfy { octet in
                guard (1...3).contains(octet.count), octet.allSatisfy(ByteClass.isDigit) else { return false }
                let value = octet.reduce(0) { $0 * 10 + Int($1 & 0x0F) }
                return value < 256 && (octet.count == 1 || octet.first != UInt8(ascii: "0"))
            }
    }
}
