extension TOMLParser {
    /// Parses a boolean, number or date.
    mutating func bareValue() throws(TOMLError) -> SettingValue {
        let start = offset
        func isPart(_ byte: UInt8) -> Bool {
            Self.isBareKeyByte(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: ":")
        }
        var end = start
        while end < bytes.count, isPart(bytes[end]) { end += 1 }
        // A space may separate a date from its time.
        if end - start == 10, end + 1 < bytes.count, bytes[end] == 0x20, (0x30...0x39).contains(bytes[end + 1]),
            TOMLDate.isDate(bytes[start..<end])
        {
            end += 1
            while end < bytes.count, isPart(bytes[end]) { end += 1 }
        }
        if let text = unquoted(from: start, notBefore: end) {
            throw error("\(text) is not a value", "write \(JSONText.quoted(text.filter { $0 != "\"" && $0 != "'" }))")
        }
        guard end > start else { throw error("expected a value, but found \(found)", "write a value") }
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        guard let value = Self.value(text) else {
            if TOMLNumber.isInteger(text) { throw error("\(text) is too large", "write a number below 2^63") }
            throw error("\(text) is not a value", "write \"\(text)\"")
        }
        offset = end
        return value
    }

    /// Returns the whole value if it is longer than a bare value, which means that its quotes or its opening quote are
    /// missing.
    private func unquoted(from start: Int, notBefore end: Int) -> String? {
        func isEnd(_ byte: UInt8) -> Bool { ",]}#\n\r".utf8.contains(byte) }
        var next = end
        while next < bytes.count, bytes[next] == 0x20 || bytes[next] == 0x09 { next += 1 }
        guard next < bytes.count, !isEnd(bytes[next]) else { return nil }
        // A valid value followed by another one, as in "[1 2]", is a different error.
        let token = String(decoding: bytes[start..<end], as: UTF8.self)
        let isLetter = (0x61...0x7A).contains(bytes[next] | 0x20)
        if next > end, Self.value(token) != nil, !(TOMLNumber.isInteger(token) && isLetter) { return nil }
        // Braces, as in "{id}", are part of a path.
        var stop = next
        var depth = 0
        while stop < bytes.count, !isEnd(bytes[stop]) || depth > 0 && bytes[stop] == UInt8(ascii: "}") {
            if bytes[stop] == UInt8(ascii: "{") { depth += 1 }
            if bytes[stop] == UInt8(ascii: "}") { depth -= 1 }
            stop += 1
        }
        var text = String(decoding: bytes[start..<stop], as: UTF8.self)[...]
        while text.last == " " || text.last == "\t" { text.removeLast() }
        // "key = value" on the same line is a different error.
        let isSound = !text.contains("=") && text.utf8.count <= 200 && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
        return isSound && !text.isEmpty ? String(text) : nil
    }

    /// Returns the boolean, number or date; nil if the text is none.
    static func value(_ text: String) -> SettingValue? {
        switch text {
        case "true": return true
        case "false": return false
        case "inf", "+inf": return .number(.infinity)
        case "-inf": return .number(-.infinity)
        case "nan", "+nan", "-nan": return .number(.nan)
        default: break
        }
        if TOMLNumber.isInteger(text) { return TOMLNumber.integer(text).map { .integer($0) } }
        if TOMLNumber.isFloat(text) { return Double(text.filter { $0 != "_" }).map { .number($0) } }
        return TOMLDate.isDateOrTime(Array(text.utf8)[...]) ? .date(text) : nil
    }
}

/// The grammar of TOML numbers.
private enum TOMLNumber {
    static func integer(_ text: String) -> Int? {
        let plain = text.filter { $0 != "_" }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where plain.hasPrefix(prefix) {
            return Int(plain.dropFirst(2), radix: radix)
        }
        return Int(plain)
    }

    static func isInteger(_ text: String) -> Bool {
        let bytes = Array(text.utf8)[...]
        if text.hasPrefix("0x") { return isRun(bytes.dropFirst(2), of: { Character(Unicode.Scalar($0)).isHexDigit }) }
        if text.hasPrefix("0o") { return isRun(bytes.dropFirst(2), of: { (0x30...0x37).contains($0) }) }
        if text.hasPrefix("0b") { return isRun(bytes.dropFirst(2), of: { (0x30...0x31).contains($0) }) }
        return isDecimal(bytes)
    }

    static func isFloat(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        if let exponent = rest.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            var digits = rest[(exponent + 1)...]
            if let sign = digits.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { digits.removeFirst() }
            guard isRun(digits, of: isDigit) else { return false }
            rest = rest[..<exponent]
            if isDecimal(rest) { return true }
        }
        guard let point = rest.firstIndex(of: UInt8(ascii: ".")) else { return false }
        return isDecimal(rest[..<point]) && isRun(rest[(point + 1)...], of: isDigit)
    }

    /// Whether the bytes are an optional sign and digits without a leading zero.
    private static func isDecimal(_ bytes: ArraySlice<UInt8>) -> Bool {
        var digits = bytes
        if let sign = digits.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { digits.removeFirst() }
        return isRun(digits, of: isDigit) && (digits.count == 1 || digits.first != UInt8(ascii: "0"))
    }

    /// Whether the bytes are digits, optionally separated by single underscores.
    private static func isRun(_ bytes: ArraySlice<UInt8>, of isDigit: (UInt8) -> Bool) -> Bool {
        var followsDigit = false
        for byte in bytes {
            if byte == UInt8(ascii: "_") {
                guard followsDigit else { return false }
                followsDigit = false
            } else {
                guard isDigit(byte) else { return false }
                followsDigit = true
            }
        }
        return followsDigit
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

/// The grammar of RFC 3339 dates and times.
enum TOMLDate {
    static func isDateOrTime(_ bytes: ArraySlice<UInt8>) -> Bool {
        if isTime(bytes) || isDate(bytes) { return true }
        guard bytes.count > 11, isDate(bytes.prefix(10)) else { return false }
        let separator = bytes[bytes.startIndex + 10]
        guard separator | 0x20 == UInt8(ascii: "t") || separator == UInt8(ascii: " ") else { return false }
        let rest = bytes.dropFirst(11)
        if let last = rest.last, last | 0x20 == UInt8(ascii: "z") { return isTime(rest.dropLast()) }
        if let sign = rest.lastIndex(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }) {
            guard let offset = numbers(rest[(sign + 1)...], "00:00") else { return false }
            return offset[0] < 24 && offset[1] < 60 && isTime(rest[..<sign])
        }
        return isTime(rest)
    }

    static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let date = numbers(bytes, "0000-00-00"), (1...12).contains(date[1]), date[2] > 0 else { return false }
        let isLeap = date[0] % 4 == 0 && (date[0] % 100 != 0 || date[0] % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return date[2] <= days[date[1] - 1]
    }

    /// RFC 3339 has leap seconds.
    private static func isTime(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let time = numbers(bytes.prefix(8), "00:00:00"), time[0] < 24, time[1] < 60, time[2] <= 60 else {
            return false
        }
        let fraction = bytes.dropFirst(8)
        guard let point = fraction.first else { return true }
        return point == UInt8(ascii: ".") && fraction.count > 1
            && fraction.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Returns the numbers in text that matches `form` exactly, where 0 matches any digit.
    private static func numbers(_ bytes: ArraySlice<UInt8>, _ form: String) -> [Int]? {
        guard bytes.count == form.utf8.count else { return nil }
        var numbers = [0]
        for (byte, expected) in zip(bytes, form.utf8) {
            if expected == UInt8(ascii: "0") {
                guard (0x30...0x39).contains(byte) else { return nil }
                numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int(byte - 0x30)
            } else {
                guard byte == expected else { return nil }
                numbers.append(0)
            }
        }
        return numbers
    }
}
