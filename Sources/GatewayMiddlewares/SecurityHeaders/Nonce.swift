package import GatewayHTTP

/// A number used once, which authorizes the scripts and styles of one response. 144 random bits in base64, which needs
/// no padding at that length; CSP requires at least 128 (CSP Level 3 section 7.1).
package struct Nonce: Hashable, Sendable {
    /// 24 characters, eight per word, the first in the lowest byte.
    private let characters: (UInt64, UInt64, UInt64)

    package static let length = 24

    /// The generator must be unpredictable.
    package init(using generator: inout some RandomNumberGenerator) {
        let bits = (generator.next(), generator.next(), generator.next())
        self.characters = (Self.encode(bits.0), Self.encode(bits.1), Self.encode(bits.2))
    }

    package static func random() -> Nonce {
        var generator = SystemRandomNumberGenerator()
        return Nonce(using: &generator)
    }

    /// Eight characters of the lowest 48 bits.
    private static func encode(_ bits: UInt64) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<8 {
            let digit = UInt8(truncatingIfNeeded: bits >> UInt64(index * 6)) & 0x3F
            word |= UInt64(Self.character(digit)) << UInt64(index * 8)
        }
        return word
    }

    private static func character(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0..<26: UInt8(ascii: "A") + digit
        case 26..<52: UInt8(ascii: "a") + (digit - 26)
        case 52..<62: UInt8(ascii: "0") + (digit - 52)
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    package var bytes: [UInt8] {
        [self.characters.0, self.characters.1, self.characters.2].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
        }
    }

    package func write(into output: inout HeadWriter) {
        withUnsafeBytes(of: self.characters.0.littleEndian) { output.write($0) }
        withUnsafeBytes(of: self.characters.1.littleEndian) { output.write($0) }
        withUnsafeBytes(of: self.characters.2.littleEndian) { output.write($0) }
    }

    package static func == (left: Nonce, right: Nonce) -> Bool { left.characters == right.characters }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.characters.0) }
}

/// A policy as bytes, with placeholders for the nonce.
struct NonceTemplate: Sendable {
    private let first: [UInt8]
    /// The bytes after each placeholder.
    private let others: [[UInt8]]

    init(_ text: String) {
        var pieces: [[UInt8]] = []
        var rest = text[...]
        while let place = rest.firstRange(of: ContentSecurityPolicy.placeholder) {
            pieces.append(Array(rest[..<place.lowerBound].utf8))
            rest = rest[place.upperBound...]
        }
        pieces.append(Array(rest.utf8))
        self.first = pieces[0]
        self.others = Array(pieces.dropFirst())
    }

    var usesNonce: Bool { !self.others.isEmpty }

    package func write(_ nonce: Nonce?, into output: inout HeadWriter) {
        output.write(self.first)
        for piece in self.others {
            nonce?.write(into: &output)
            output.write(piece)
        }
    }
}
