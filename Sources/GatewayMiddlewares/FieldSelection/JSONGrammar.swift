import GatewayHTTP

/// A JSON text (RFC 8259) in UTF-8, without a byte order mark, of which values are checked and skipped.
///
/// Each function starts at the first byte of what it skips, and returns the position after it, or nil if it is malformed.
struct JSONGrammar {
    private let bytes: UnsafePointer<UInt8>
    let count: Int

    /// - Returns: nil if there are no bytes, which is malformed.
    init?(_ text: UnsafeRawBufferPointer) {
        guard let bytes = text.assumingMemoryBound(to: UInt8.self).baseAddress else { return nil }
        self.bytes = bytes
        self.count = text.count
    }

    /// The bytes in a range that ends within the text.
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: self.bytes + range.lowerBound, count: range.count)
    }

    /// The byte at a position; after the end 0, which begins nothing and ends nothing.
    func byte(at position: Int) -> UInt8 { position < self.count ? self.bytes[position] : 0 }

    // MARK: White space

    func endOfWhiteSpace(at position: Int) -> Int {
        self.byte(at: position) > 0x20 ? position : self.endOfLongWhiteSpace(at: position)
    }

    private func endOfLongWhiteSpace(at start: Int) -> Int {
        var position = start
        while position < self.count {
            switch self.bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position &+= 1
            default: return position
            }
            // Indentation.
            while position &+ 8 <= self.count, self.word(at: position) == Self.spaces { position &+= 8 }
        }
        return position
    }

    // MARK: Values

    /// Skips a value of any kind and depth.
    func endOfValue(at start: Int) -> Int? {
        switch self.byte(at: start) {
        case UInt8(ascii: "{"), UInt8(ascii: "["): self.endOfContainer(at: start)
        default: self.endOfScalar(at: start)
        }
    }

    /// Skips an array or object, without recursion.
    private func endOfContainer(at start: Int) -> Int? {
        var containers = JSONContainerStack()
        var position = start
        while true {
            switch self.byte(at: position) {
            case UInt8(ascii: "{"):
                position = self.endOfWhiteSpace(at: position &+ 1)
                containers.push(isObject: true)
                guard self.byte(at: position) == UInt8(ascii: "}") else {
                    guard let value = self.endOfName(at: position) else { return nil }
                    position = value
                    continue
                }
            case UInt8(ascii: "["):
                position = self.endOfWhiteSpace(at: position &+ 1)
                containers.push(isObject: false)
                guard self.byte(at: position) == UInt8(ascii: "]") else { continue }
            default:
                guard let end = self.endOfScalar(at: position) else { return nil }
                position = end
            }
            ending: while containers.depth > 0 {
                position = self.endOfWhiteSpace(at: position)
                switch self.byte(at: position) {
                case UInt8(ascii: ","):
                    position = self.endOfWhiteSpace(at: position &+ 1)
                    if containers.isInObject {
                        guard let value = self.endOfName(at: position) else { return nil }
                        position = value
                    }
                    break ending
                case UInt8(ascii: "}") where containers.isInObject, UInt8(ascii: "]") where !containers.isInObject:
                    containers.pop()
                    position &+= 1
                default: return nil
                }
            }
            if containers.depth == 0 { return position }
        }
    }

    /// Skips the name of a member, the colon and the white space after it.
    func endOfName(at start: Int) -> Int? {
        guard self.byte(at: start) == UInt8(ascii: "\""), let end = self.endOfString(at: start) else { return nil }
        return self.endOfColon(at: end)
    }

    /// Skips white space, a colon, and the white space after it.
    func endOfColon(at start: Int) -> Int? {
        let colon = self.endOfWhiteSpace(at: start)
        return self.byte(at: colon) == UInt8(ascii: ":") ? self.endOfWhiteSpace(at: colon &+ 1) : nil
    }

    /// Skips a value that is no array or object.
    func endOfScalar(at start: Int) -> Int? {
        switch self.byte(at: start) {
        case UInt8(ascii: "\""): self.endOfString(at: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): self.endOfNumber(at: start)
        case UInt8(ascii: "t"): self.endOfLiteral("true", at: start)
        case UInt8(ascii: "f"): self.endOfLiteral("false", at: start)
        case UInt8(ascii: "n"): self.endOfLiteral("null", at: start)
        default: nil
        }
    }

    // MARK: Strings

    /// Skips a string, with its quotation marks.
    func endOfString(at start: Int) -> Int? {
        var position = start &+ 1
        while true {
            while position &+ 8 <= self.count {
                let special = Self.specialBytes(of: self.word(at: position))
                position &+= special == 0 ? 8 : special.trailingZeroBitCount >> 3
                if special != 0 { break }
            }
            switch self.byte(at: position) {
            case UInt8(ascii: "\""): return position &+ 1
            case UInt8(ascii: "\\"):
                guard let end = self.endOfEscape(at: position) else { return nil }
                position = end
            case 0x20..<0x80: position &+= 1
            case 0x80...:
                guard let end = self.endOfMultibyteCharacters(at: position) else { return nil }
                position = end
            default: return nil
            }
        }
    }

    private static let spaces: UInt64 = 0x2020_2020_2020_2020

    /// Marks the highest bits of the bytes that are a quotation mark, a backslash, a control character or not ASCII. Only
    /// the lowest mark is exact, because subtractions borrow from the bytes above.
    private static func specialBytes(of word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let found =
            (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- self.spaces) & ~word | word
        return found & (ones &* 0x80)
    }

    private func endOfEscape(at start: Int) -> Int? {
        switch self.byte(at: start &+ 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start &+ 2
        case UInt8(ascii: "u"):
            for position in (start &+ 2)..<(start &+ 6) where !ByteClass.isHexDigit(self.byte(at: position)) {
                return nil
            }
            return start &+ 6
        default: return nil
        }
    }

    /// Skips characters outside ASCII as RFC 3629 section 4 has them: in their shortest form, and no surrogates.
    private func endOfMultibyteCharacters(at start: Int) -> Int? {
        var position = start
        while true {
            let first = self.byte(at: position)
            let second = self.byte(at: position &+ 1)
            let length: Int
            switch (first, second) {
            case (..<0x80, _): return position
            case (0xC2...0xDF, 0x80...0xBF): length = 2
            case (0xE0, 0xA0...0xBF), (0xE1...0xEC, 0x80...0xBF), (0xED, 0x80...0x9F), (0xEE...0xEF, 0x80...0xBF):
                length = 3
            case (0xF0, 0x90...0xBF), (0xF1...0xF3, 0x80...0xBF), (0xF4, 0x80...0x8F): length = 4
            default: return nil
            }
            for index in (position &+ 2)..<(position &+ length) where self.byte(at: index) & 0xC0 != 0x80 {
                return nil
            }
            position &+= length
        }
    }

    // MARK: Numbers and literals

    private func endOfNumber(at start: Int) -> Int? {
        var position = self.byte(at: start) == UInt8(ascii: "-") ? start &+ 1 : start
        if self.byte(at: position) == UInt8(ascii: "0") {
            position &+= 1
        } else {
            guard let end = self.endOfDigits(at: position) else { return nil }
            position = end
        }
        if self.byte(at: position) == UInt8(ascii: ".") {
            guard let end = self.endOfDigits(at: position &+ 1) else { return nil }
            position = end
        }
        if self.byte(at: position) | 0x20 == UInt8(ascii: "e") {
            position &+= 1
            let sign = self.byte(at: position)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position &+= 1 }
            return self.endOfDigits(at: position)
        }
        return position
    }

    /// Skips at least one digit.
    private func endOfDigits(at start: Int) -> Int? {
        var position = start
        while self.byte(at: position) &- UInt8(ascii: "0") < 10 { position &+= 1 }
        return position > start ? position : nil
    }

    private func endOfLiteral(_ literal: StaticString, at start: Int) -> Int? {
        for index in 0..<literal.utf8CodeUnitCount
        where self.byte(at: start &+ index) != literal.utf8Start[index] { return nil }
        return start &+ literal.utf8CodeUnitCount
    }

    private func word(at position: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(self.bytes + position).loadUnaligned(as: UInt64.self))
    }
}
