import GatewayHTTP

/// Splits the condition of an alert into tokens.
struct AlertLexer {
    struct Token {
        let kind: Kind
        /// Where it begins and ends in the UTF-8 of the condition.
        let start: Int
        let end: Int
    }

    enum Kind: Equatable {
        /// A name or a keyword.
        case word(String)
        case number(Double)
        case string(String)
        /// An operator, a parenthesis, a brace or a comma.
        case symbol(String)
        case end
    }

    private let bytes: [UInt8]
    private var offset = 0

    init(_ text: String) { self.bytes = Array(text.utf8) }

    private static let symbols = [
        "==", "!=", ">=", "<=", "=~", "!~", "&&", "||", ">", "<", "=", "+", "-", "*", "/", "(", ")", "{", "}", ",",
        "!", "[", "]",
    ]

    mutating func next() throws(AlertMistake) -> Token {
        while let byte = self.peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { self.offset += 1 }
        let start = self.offset
        guard let byte = self.peek() else { return Token(kind: .end, start: start, end: start) }
        let kind: Kind
        if byte.isASCIILetter || byte == UInt8(ascii: "_") {
            kind = .word(self.take { $0.isASCIILetter || Self.isDigit($0) || $0 == 0x5F || $0 == 0x3A })
        } else if Self.isDigit(byte) || byte == UInt8(ascii: ".") && self.peek(1).map(Self.isDigit) ?? false {
            kind = .number(try self.number())
        } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
            kind = .string(try self.string(byte))
        } else if let symbol = Self.symbols.first(where: { self.bytes[start...].starts(with: $0.utf8) }) {
            self.offset += symbol.utf8.count
            kind = .symbol(symbol)
        } else {
            let rest = String(decoding: self.bytes[start..<min(start + 16, self.bytes.count)], as: UTF8.self)
            throw AlertMistake(
                "\(JSONText.quoted(String(rest.prefix(1)))) is not part of a condition",
                "remove it",
                at: start
            )
        }
        return Token(kind: kind, start: start, end: self.offset)
    }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        self.offset + ahead < self.bytes.count ? self.bytes[self.offset + ahead] : nil
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> String {
        let taken = self.bytes[self.offset...].prefix(while: condition)
        self.offset += taken.count
        return String(decoding: taken, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// A number with its unit: `0.05`, `5%`, `200ms`, `1m30s`, `1GiB`.
    private mutating func number() throws(AlertMistake) -> Double {
        let start = self.offset
        let text = self.take { $0.isASCIILetter || Self.isDigit($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x25 }
        guard let value = AlertQuantity.value(of: text) else {
            throw AlertMistake(
                "\(JSONText.quoted(text)) is not a number",
                AlertQuantity.suggestion(for: text),
                at: start
            )
        }
        return value
    }

    private mutating func string(_ quote: UInt8) throws(AlertMistake) -> String {
        let start = self.offset
        self.offset += 1
        var content: [UInt8] = []
        while let byte = self.peek() {
            self.offset += 1
            if byte == quote { return String(decoding: content, as: UTF8.self) }
            // Other backslashes belong to the value, or to its pattern.
            if byte == UInt8(ascii: "\\"), let next = self.peek(), next == quote || next == byte {
                self.offset += 1
                content += next == quote ? [next] : [byte, next]
            } else {
                content.append(byte)
            }
        }
        let mark = String(Unicode.Scalar(quote))
        throw AlertMistake("the value has no end", "write \(mark) after it", at: start)
    }
}
