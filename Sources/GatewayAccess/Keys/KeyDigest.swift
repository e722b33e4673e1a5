import Crypto

/// The SHA-256 digest of an API key. Keys are compared by their digests, so how long a comparison takes says nothing
/// about a key.
package struct KeyDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// The digest of a key.
    package init(of key: UnsafeRawBufferPointer) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        SHA256.hash(data: key).withUnsafeBytes { digest in
            withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: digest) }
        }
        self.words = words
    }

    /// A digest that is written as 64 hexadecimal digits; nil for other text.
    package init?(hexadecimal text: String) {
        guard text.utf8.count == 64 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let isValid = withUnsafeMutableBytes(of: &words) { bytes in
            for (index, digit) in text.utf8.enumerated() {
                guard let value = Self.value(ofDigit: digit) else { return false }
                bytes[index / 2] = bytes[index / 2] << 4 | value
            }
            return true
        }
        guard isValid else { return nil }
        self.words = words
    }

    /// 64 hexadecimal digits.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return withUnsafeBytes(of: self.words) { bytes in
            String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        }
    }

    /// Where a table looks for the key first.
    var place: Int { Int(truncatingIfNeeded: self.words.0) }

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    package static func == (left: Self, right: Self) -> Bool {
        (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
            | (left.words.3 ^ right.words.3) == 0
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.words.0) }
}
