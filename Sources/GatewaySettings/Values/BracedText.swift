/// Text split into literals and the names in braces: `https://{host}{uri}`.
///
/// `{{` and `}}` stand for literal braces. Text in braces that is not a name is kept, so JSON needs no escapes.
struct BracedText {
    enum Part: Hashable {
        case literal([UInt8])
        case name(String)
    }

    private(set) var parts: [Part] = []
    /// The text after the last brace that opens and does not close; empty if there is none.
    private(set) var unclosed = ""

    /// - Parameter isNameByte: Whether a name may contain the byte, after the bytes before it.
    init(_ text: String, isNameByte: (_ byte: UInt8, _ before: ArraySlice<UInt8>) -> Bool) {
        let bytes = Array(text.utf8)
        var literal: [UInt8] = []
        // Open braces in the literal text. Inside them "}}" closes two levels, as in nested JSON.
        var depth = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let isDoubled = index + 1 < bytes.count && bytes[index + 1] == byte
            if byte == UInt8(ascii: "{"), !isDoubled,
                let name = Self.name(in: bytes[(index + 1)...], isNameByte: isNameByte)
            {
                if !literal.isEmpty { self.parts.append(.literal(literal)) }
                literal = []
                self.parts.append(.name(name))
                index += name.utf8.count + 2
                continue
            }
            literal.append(byte)
            index += 1
            if byte == UInt8(ascii: "{") {
                if isDoubled {
                    index += 1
                } else {
                    self.unclosed = String(decoding: bytes[index...], as: UTF8.self)
                    depth += 1
                }
            } else if byte == UInt8(ascii: "}") {
                if depth > 0 { depth -= 1 } else if isDoubled { index += 1 }
            }
        }
        if !literal.isEmpty { self.parts.append(.literal(literal)) }
    }

    /// Returns the text up to the closing brace if it has the form of a name.
    private static func name(
        in bytes: ArraySlice<UInt8>,
        isNameByte: (UInt8, ArraySlice<UInt8>) -> Bool
    ) -> String? {
        var end = bytes.startIndex
        while end < bytes.endIndex, isNameByte(bytes[end], bytes[..<end]) { end += 1 }
        guard end > bytes.startIndex, end < bytes.endIndex, bytes[end] == UInt8(ascii: "}") else { return nil }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}
