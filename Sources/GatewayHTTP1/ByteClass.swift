/// The character classes of RFC 9110 section 5.6 and RFC 3986, as byte tests.
package enum ByteClass {
    /// For each byte that may stand in a token (RFC 9110 section 5.6.2) its lower-case form, else 0.
    static let lowercasedToken: [UInt8] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt8(byte) | 0x20
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): UInt8(byte)
        case let other where "!#$%&'*+-.^_`|~".utf8.contains(other): other
        default: 0
        }
    }

    package static func isToken(_ bytes: some Sequence<UInt8>) -> Bool {
        var isEmpty = true
        for byte in bytes {
            guard self.lowercasedToken[Int(byte)] != 0 else { return false }
            isEmpty = false
        }
        return !isEmpty
    }

    /// A field value holds visible characters, spaces, tabs and obs-text; no other control character (RFC 9110
    /// section 5.5). Without an early exit, so that the compiler makes vector code of it.
    static func isFieldValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var bad = false
        for byte in bytes { bad = bad || (byte < 0x20 && byte != 0x09) || byte == 0x7F }
        return !bad
    }

    /// Visible ASCII without "#": a request target has no fragment (RFC 9112 section 3.2).
    static func isTarget(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var bad = bytes.isEmpty
        for byte in bytes { bad = bad || byte < 0x21 || byte > 0x7E || byte == UInt8(ascii: "#") }
        return !bad
    }

    /// `uri-host [ ":" port ]` of RFC 3986 section 3.2.2, not empty.
    package static func isAuthority(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var end = bytes.count
        var digits = end
        while digits > 0, self.isDigit(bytes[digits - 1]) { digits -= 1 }
        if digits > 0, bytes[digits - 1] == UInt8(ascii: ":") {
            let port = bytes[digits..<end].reduce(0) { min($0 * 10 + Int($1 & 0x0F), 100_000) }
            guard port <= 65_535 else { return false }
            end = digits - 1
        }
        guard end > 0 else { return false }
        if bytes[0] == UInt8(ascii: "[") {
            guard end > 3, bytes[end - 1] == UInt8(ascii: "]") else { return false }
            return bytes[1..<(end - 1)].allSatisfy {
                self.isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
            }
        }
        var index = 0
        while index < end {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < end, self.isHexDigit(bytes[index + 1]), self.isHexDigit(bytes[index + 2]) else {
                    return false
                }
                index += 3
                continue
            }
            guard self.isRegisteredName(byte) else { return false }
            index += 1
        }
        return true
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    static func isHexDigit(_ byte: UInt8) -> Bool { self.hexValue(byte) != nil }

    static func hexValue(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte &- UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte &- UInt8(ascii: "a") &+ 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte &- UInt8(ascii: "A") &+ 10)
        default: nil
        }
    }

    /// unreserved / sub-delims of RFC 3986.
    private static func isRegisteredName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~!$&'()*+,;=".utf8.contains(byte)
        }
    }

    /// ASCII letters compare without case; all other bytes as they are.
    static func equalsIgnoringCase(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] {
            let lower = left[index] | 0x20
            guard lower == right[index] | 0x20, lower &- UInt8(ascii: "a") < 26 else { return false }
        }
        return true
    }
}
