package import GatewayHTTP

/// Fields that target this cache, such as `CDN-Cache-Control` (RFC 9213): dictionaries of structured fields (RFC 8941
/// section 3.2).
extension CacheControl {
    /// Reads all lines of a field. Nil if there are none, if they are no dictionary, or if it is empty: the field is
    /// then as good as absent (RFC 9213 section 2.2).
    package init?(targeted name: HeaderName, in headers: borrowing HeaderBlock) {
        guard headers.contains(name) else { return nil }
        var text: [UInt8] = []
        for field in headers.fields where headers.matches(field, name) {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            headers.withBytes(field.value) { text += $0 }
        }
        guard let control = Self.targeted(text) else { return nil }
        self = control
    }

    static func targeted(_ text: [UInt8]) -> CacheControl? {
        var reader = DictionaryReader(text)
        // The last of several members with one key counts.
        var members: [[UInt8]: DictionaryReader.Value] = [:]
        while let (key, value) = reader.next() { members[key] = value }
        guard reader.isAtEnd, !members.isEmpty else { return nil }
        var control = CacheControl()
        for (key, value) in members {
            let isNumeric = key.withUnsafeBytes(self.isNumeric)
            switch value {
            case .boolean(false): continue
            case .boolean(true), .other:
                guard !isNumeric else { return nil }
                key.withUnsafeBytes { control.add($0, [], hasValue: false) }
            case .integer(let digits):
                key.withUnsafeBytes { control.add($0, digits, hasValue: true) }
            case .text(let text):
                guard !isNumeric else { return nil }
                key.withUnsafeBytes { control.add($0, text, hasValue: true) }
            }
        }
        return control
    }

    private static func isNumeric(_ key: UnsafeRawBufferPointer) -> Bool {
        ByteClass.equals(key, "max-age") || ByteClass.equals(key, "s-maxage")
            || ByteClass.equals(key, "stale-while-revalidate") || ByteClass.equals(key, "stale-if-error")
    }
}

private struct DictionaryReader {
    enum Value {
        case boolean(Bool)
        /// The digits, with the sign if there is one.
        case integer([UInt8])
        /// A token or a string.
        case text([UInt8])
        /// A decimal, a byte sequence or an inner list.
        case other
    }

    private let text: [UInt8]
    private var position = 0
    private var isFirst = true
    private var isMalformed = false

    init(_ text: [UInt8]) {
        self.text = text
        while self.peek == 0x20 { self.position += 1 }
    }

    /// Whether everything was read.
    var isAtEnd: Bool { !self.isMalformed && self.position == self.text.count }

    private var peek: UInt8? { self.position < self.text.count ? self.text[self.position] : nil }

    /// Returns the next member. Nil at the end, and where the text is malformed.
    mutating func next() -> ([UInt8], Value)? {
        self.skipBlanks()
        guard self.position < self.text.count else { return nil }
        if !self.isFirst {
            guard self.skip(",") else { return self.malformed() }
            self.skipBlanks()
        }
        self.isFirst = false
        guard let key = self.key() else { return self.malformed() }
        var value = Value.boolean(true)
        if self.skip("=") {
            guard let item = self.peek == UInt8(ascii: "(") ? self.innerList() : self.item() else {
                return self.malformed()
            }
            value = item
        }
        guard self.parameters() else { return self.malformed() }
        return (key, value)
    }

    private mutating func malformed() -> ([UInt8], Value)? {
        self.isMalformed = true
        return nil
    }

    private mutating func skipBlanks() { while self.peek == 0x20 || self.peek == 0x09 { self.position += 1 } }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard self.peek == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> [UInt8] {
        let start = self.position
        while let byte = self.peek, condition(byte) { self.position += 1 }
        return Array(self.text[start..<self.position])
    }

    private mutating func key() -> [UInt8]? {
        func isLower(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte }
        guard let first = self.peek, isLower(first) || first == UInt8(ascii: "*") else { return nil }
        return self.take { byte in isLower(byte) || ByteClass.isDigit(byte) || "_-.*".utf8.contains(byte) }
    }

    private mutating func parameters() -> Bool {
        while self.skip(";") {
            while self.peek == 0x20 { self.position += 1 }
            guard self.key() != nil else { return false }
            if self.skip("="), self.item() == nil { return false }
        }
        return true
    }

    private mutating func innerList() -> Value? {
        guard self.skip("(") else { return nil }
        while true {
            while self.peek == 0x20 { self.position += 1 }
            if self.skip(")") { return .other }
            guard self.item() != nil, self.parameters(), self.peek == 0x20 || self.peek == UInt8(ascii: ")") else {
                return nil
            }
        }
    }

    private mutating func item() -> Value? {
        guard let first = self.peek else { return nil }
        return switch first {
        case UInt8(ascii: "\""): self.string().map { .text($0) }
        case UInt8(ascii: "?"): self.boolean()
        case UInt8(ascii: ":"): self.bytes()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): self.number()
        case _ where first.isASCIILetter || first == UInt8(ascii: "*"):
            .text(
                self.take { byte in
                    ByteClass.isTokenByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/")
                }
            )
        default: nil
        }
    }

    private mutating func string() -> [UInt8]? {
        self.position += 1
        var result: [UInt8] = []
        while let byte = self.peek {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""): return result
            case UInt8(ascii: "\\"):
                guard let escaped = self.peek, escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") else {
                    return nil
                }
                self.position += 1
                result.append(escaped)
            case 0x20...0x7E: result.append(byte)
            default: return nil
            }
        }
        return nil
    }

    private mutating func boolean() -> Value? {
        self.position += 1
        if self.skip("1") { return .boolean(true) }
        return self.skip("0") ? .boolean(false) : nil
    }

    private mutating func bytes() -> Value? {
        self.position += 1
        _ = self.take { byte in byte.isASCIILetter || ByteClass.isDigit(byte) || "+/=".utf8.contains(byte) }
        return self.skip(":") ? .other : nil
    }

    private mutating func number() -> Value? {
        let isNegative = self.skip("-")
        let digits = self.take(while: ByteClass.isDigit)
        guard 1...15 ~= digits.count else { return nil }
        guard self.skip(".") else { return .integer(isNegative ? [UInt8(ascii: "-")] + digits : digits) }
        let fraction = self.take(while: ByteClass.isDigit)
        return digits.count <= 12 && 1...3 ~= fraction.count ? .other : nil
    }
}
