import GatewayHTTP

/// Reads JSON (RFC 8259) from senders who may want two readers to understand it differently. It refuses what is not
/// exactly JSON, names that an object has twice (RFC 8725 section 2.4), and numbers beyond the range of a double.
package struct StrictJSON {
    /// Why text was refused.
    package enum Problem: Error, Hashable {
        case malformed, duplicateName, tooDeep, numberOutOfRange
    }

    /// How deep arrays and objects may be nested.
    static let maximumDepth = 32

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Returns the value that the text consists of.
    package static func parse(_ text: [UInt8]) throws(Problem) -> JSONValue {
        let result: Result<JSONValue, Problem> = text.withUnsafeBytes { bytes in
            var reader = StrictJSON(bytes)
            do throws(Problem) {
                let value = try reader.value(depth: 0)
                reader.skipBlanks()
                return reader.position == bytes.count ? .success(value) : .failure(.malformed)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private var next: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func skipBlanks() {
        while let byte = self.next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { self.position += 1 }
    }

    /// Skips a byte if it is the next one.
    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func take(word: StaticString) throws(Problem) {
        for byte in UnsafeRawBufferPointer(word) {
            guard self.take(byte) else { throw .malformed }
        }
    }

    private mutating func value(depth: Int) throws(Problem) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw .tooDeep }
        self.skipBlanks()
        switch self.next {
        case UInt8(ascii: "{"): return try self.object(depth: depth)
        case UInt8(ascii: "["): return try self.array(depth: depth)
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"):
            try self.take(word: "true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try self.take(word: "false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try self.take(word: "null")
            return .null
        default: return try self.number()
        }
    }

    private mutating func array(depth: Int) throws(Problem) -> JSONValue {
        self.position += 1
        var elements: [JSONValue] = []
        self.skipBlanks()
        if self.take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            elements.append(try self.value(depth: depth + 1))
            self.skipBlanks()
            if self.take(UInt8(ascii: "]")) { return .array(elements) }
            guard self.take(UInt8(ascii: ",")) else { throw .malformed }
        }
    }

    private mutating func object(depth: Int) throws(Problem) -> JSONValue {
        self.position += 1
        var members: [JSONValue.Member] = []
        // A search through all names before each would take time by the square of their number.
        var names: Set<String> = []
        self.skipBlanks()
        if self.take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            self.skipBlanks()
            guard self.next == UInt8(ascii: "\"") else { throw .malformed }
            let name = try self.string()
            guard names.insert(name).inserted else { throw .duplicateName }
            self.skipBlanks()
            guard self.take(UInt8(ascii: ":")) else { throw .malformed }
            members.append(JSONValue.Member(name: name, value: try self.value(depth: depth + 1)))
            self.skipBlanks()
            if self.take(UInt8(ascii: "}")) { return .object(members) }
            guard self.take(UInt8(ascii: ",")) else { throw .malformed }
        }
    }

    // MARK: Numbers

    private mutating func number() throws(Problem) -> JSONValue {
        let start = self.position
        _ = self.take(UInt8(ascii: "-"))
        if !self.take(UInt8(ascii: "0")) { try self.digits() }
        var isInteger = true
        if self.take(UInt8(ascii: ".")) {
            isInteger = false
            try self.digits()
        }
        if let byte = self.next, byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            self.position += 1
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            try self.digits()
        }
        guard self.position - start <= 64 else { throw .numberOutOfRange }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else { throw .numberOutOfRange }
        return .number(double)
    }

    private mutating func digits() throws(Problem) {
        let start = self.position
        while let byte = self.next, (0x30...0x39).contains(byte) { self.position += 1 }
        guard self.position > start else { throw .malformed }
    }

    // MARK: Strings

    private mutating func string() throws(Problem) -> String {
        self.position += 1
        let start = self.position
        while let byte = self.next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            self.position += 1
        }
        if self.next == UInt8(ascii: "\"") {
            defer { self.position += 1 }
            return try self.text(self.bytes[start..<self.position])
        }
        var decoded = Array(self.bytes[start..<self.position])
        while true {
            guard let byte = self.next, byte >= 0x20 else { throw .malformed }
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""): return try self.text(decoded)
            case UInt8(ascii: "\\"): try self.escape(into: &decoded)
            default: decoded.append(byte)
            }
        }
    }

    private func text(_ bytes: some Collection<UInt8>) throws(Problem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed }
        return text
    }

    private mutating func escape(into decoded: inout [UInt8]) throws(Problem) {
        guard let byte = self.next else { throw .malformed }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try self.hexadecimal()
            if (0xD800..<0xDC00).contains(scalar) {
                guard self.take(UInt8(ascii: "\\")), self.take(UInt8(ascii: "u")) else { throw .malformed }
                let low = try self.hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw .malformed }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            // Half of a pair is no character.
            guard let scalar = Unicode.Scalar(scalar) else { throw .malformed }
            decoded += String(Character(scalar)).utf8
        default: throw .malformed
        }
    }

    private mutating func hexadecimal() throws(Problem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = self.next else { throw .malformed }
            self.position += 1
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
            default: throw .malformed
            }
        }
        return value
    }
}
