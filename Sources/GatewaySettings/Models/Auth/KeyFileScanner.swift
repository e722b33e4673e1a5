/// Reads the usual form of a file of keys: a key and a value per line, below `[[keys]]`.
///
/// It accepts a part of TOML only. The general parser, which is twenty times slower, reads what this one does not
/// understand, and finds the errors.
struct KeyFileScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var line = 1
    private var entries: [KeyFile.Entry] = []
    /// The keys that the last table has.
    private var seen: Set<String> = []

    /// The text is valid TOML of another form, or it is invalid.
    private struct Unusual: Error {}

    static func entries(of text: String) -> [KeyFile.Entry]? {
        var text = text
        return text.withUTF8 { bytes in
            var scanner = KeyFileScanner(bytes: bytes)
            do throws(Unusual) {
                try scanner.document()
                return scanner.entries
            } catch {
                return nil
            }
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func document() throws(Unusual) {
        while true {
            self.skipBlank()
            guard let byte = self.peek() else { return }
            switch byte {
            case UInt8(ascii: "#"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): break
            case UInt8(ascii: "["): try self.header()
            default: try self.keyValue()
            }
            try self.endOfLine()
        }
    }

    private mutating func header() throws(Unusual) {
        let header: StaticString = "[[keys]]"
        for index in 0..<header.utf8CodeUnitCount {
            guard self.peek() == header.utf8Start[index] else { throw Unusual() }
            self.offset += 1
        }
        self.entries.append(KeyFile.Entry(key: KeyConfiguration(), line: self.line))
        self.seen.removeAll(keepingCapacity: true)
    }

    private mutating func keyValue() throws(Unusual) {
        guard !self.entries.isEmpty else { throw Unusual() }
        let start = self.offset
        while let byte = self.peek(), TOMLParser.isBareKeyByte(byte) { self.offset += 1 }
        let key = String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        guard self.seen.insert(key).inserted else { throw Unusual() }
        self.skipBlank()
        try self.take(UInt8(ascii: "="))
        self.skipBlank()
        let last = self.entries.count - 1
        switch key {
        case "name": self.entries[last].key.name = try self.string()
        case "sha256": self.entries[last].key.sha256 = try self.string()
        case "plan": self.entries[last].key.plan = try self.string()
        case "scope": self.entries[last].key.scope = try self.strings()
        case "expires": self.entries[last].key.expires = try self.date()
        case "enabled": self.entries[last].key.enabled = try self.boolean()
        default: throw Unusual()
        }
    }

    // MARK: Values

    private mutating func string() throws(Unusual) -> String {
        guard let quote = self.peek(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw Unusual()
        }
        self.offset += 1
        let start = self.offset
        while let byte = self.peek(), byte != quote {
            guard byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "\\") else { throw Unusual() }
            self.offset += 1
        }
        let text = String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        try self.take(quote)
        // Three quotes begin a text of several lines.
        guard self.peek() != quote else { throw Unusual() }
        return text
    }

    private mutating func strings() throws(Unusual) -> [String] {
        try self.take(UInt8(ascii: "["))
        var texts: [String] = []
        self.skipBlank()
        while self.peek() != UInt8(ascii: "]") {
            texts.append(try self.string())
            self.skipBlank()
            if self.peek() == UInt8(ascii: "]") { break }
            try self.take(UInt8(ascii: ","))
            self.skipBlank()
        }
        self.offset += 1
        return texts
    }

    private mutating func date() throws(Unusual) -> Expiry {
        let start = self.offset
        while let byte = self.peek(), TOMLParser.isBareKeyByte(byte) || ":.+".utf8.contains(byte) { self.offset += 1 }
        let text = String(decoding: self.bytes[start..<self.offset], as: UTF8.self)
        do throws(SettingError) {
            return try Expiry(setting: .date(text))
        } catch {
            throw Unusual()
        }
    }

    private mutating func boolean() throws(Unusual) -> Bool {
        let start = self.offset
        while let byte = self.peek(), TOMLParser.isBareKeyByte(byte) { self.offset += 1 }
        switch String(decoding: self.bytes[start..<self.offset], as: UTF8.self) {
        case "true": return true
        case "false": return false
        default: throw Unusual()
        }
    }

    // MARK: Bytes

    private func peek() -> UInt8? { self.offset < self.bytes.count ? self.bytes[self.offset] : nil }

    private mutating func take(_ byte: UInt8) throws(Unusual) {
        guard self.peek() == byte else { throw Unusual() }
        self.offset += 1
    }

    private mutating func skipBlank() {
        while let byte = self.peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { self.offset += 1 }
    }

    /// Skips a comment and the end of the line.
    private mutating func endOfLine() throws(Unusual) {
        self.skipBlank()
        if self.peek() == UInt8(ascii: "#") {
            while let byte = self.peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
                guard byte >= 0x20 || byte == UInt8(ascii: "\t"), byte != 0x7F else { throw Unusual() }
                self.offset += 1
            }
        }
        if self.peek() == UInt8(ascii: "\r") { self.offset += 1 }
        guard self.peek() != nil else { return }
        try self.take(UInt8(ascii: "\n"))
        self.line += 1
    }
}
