import GatewayHTTP

/// Finds where to add a request ID to a problem+json body of the upstream (RFC 9457).
enum ProblemDocument {
    /// Where another member can be inserted: before the closing brace of the object.
    struct Place: Hashable {
        let offset: Int
        /// The object has members before it.
        let needsComma: Bool
    }

    /// nil if the bytes are not exactly one JSON object (RFC 8259), or if it may have the member already.
    static func place(for member: StaticString, in bytes: UnsafeRawBufferPointer) -> Place? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var scanner = JSONScanner(bytes)
        guard scanner.object(without: member, depth: 0), let brace = scanner.end else { return nil }
        scanner.skipSpace()
        guard scanner.isAtEnd else { return nil }
        return Place(offset: brace, needsComma: scanner.hasMembers)
    }
}

/// Validates JSON text as RFC 8259 requires, without building values.
private struct JSONScanner {
    /// Deeper nesting is rejected, to bound the stack.
    private static let maxDepth = 32

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// The position of the outermost object's closing brace.
    private(set) var end: Int?
    /// The outermost object is not empty.
    private(set) var hasMembers = false

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func skipSpace() {
        while let byte = self.peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            self.position += 1
        }
    }

    private func peek() -> UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.peek() == byte else { return false }
        self.position += 1
        return true
    }

    /// - Parameter excluded: a name that this object must not have; nil for nested objects.
    mutating func object(without excluded: StaticString?, depth: Int) -> Bool {
        self.skipSpace()
        guard depth < Self.maxDepth, self.take(UInt8(ascii: "{")) else { return false }
        self.skipSpace()
        var isEmpty = true
        while self.peek() != UInt8(ascii: "}") || !isEmpty {
            let start = self.position
            guard self.string() else { return false }
            if let excluded, self.mayBe(excluded, start) { return false }
            self.skipSpace()
            guard self.take(UInt8(ascii: ":")), self.value(depth: depth + 1) else { return false }
            isEmpty = false
            self.skipSpace()
            if self.peek() == UInt8(ascii: "}") { break }
            guard self.take(UInt8(ascii: ",")) else { return false }
            self.skipSpace()
        }
        if excluded != nil {
            self.end = self.position
            self.hasMembers = !isEmpty
        }
        return self.take(UInt8(ascii: "}"))
    }

    private mutating func array(depth: Int) -> Bool {
        guard depth < Self.maxDepth, self.take(UInt8(ascii: "[")) else { return false }
        self.skipSpace()
        if self.take(UInt8(ascii: "]")) { return true }
        while self.value(depth: depth + 1) {
            self.skipSpace()
            if self.take(UInt8(ascii: "]")) { return true }
            guard self.take(UInt8(ascii: ",")) else { return false }
        }
        return false
    }

    private mutating func value(depth: Int) -> Bool {
        self.skipSpace()
        switch self.peek() {
        case UInt8(ascii: "{"): return self.object(without: nil, depth: depth)
        case UInt8(ascii: "["): return self.array(depth: depth)
        case UInt8(ascii: "\""): return self.string()
        case UInt8(ascii: "t"): return self.literal("true")
        case UInt8(ascii: "f"): return self.literal("false")
        case UInt8(ascii: "n"): return self.literal("null")
        default: return self.number()
        }
    }

    private mutating func string() -> Bool {
        guard self.take(UInt8(ascii: "\"")) else { return false }
        while let byte = self.peek() {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case 0..<0x20: return false
            case UInt8(ascii: "\\"): guard self.escape() else { return false }
            default: continue
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let byte = self.peek() else { return false }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = self.peek(), PercentEncoding.isHexDigit(digit) else { return false }
                self.position += 1
            }
            return true
        default: return false
        }
    }

    private mutating func number() -> Bool {
        _ = self.take(UInt8(ascii: "-"))
        // Leading zeros are not allowed.
        if !self.take(UInt8(ascii: "0")) { guard self.digits() else { return false } }
        if self.take(UInt8(ascii: ".")) { guard self.digits() else { return false } }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            if !self.take(UInt8(ascii: "+")) { _ = self.take(UInt8(ascii: "-")) }
            guard self.digits() else { return false }
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = self.position
        while let byte = self.peek(), byte &- UInt8(ascii: "0") < 10 { self.position += 1 }
        return self.position > start
    }

    private mutating func literal(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard self.position + count <= self.bytes.count else { return false }
        for index in 0..<count where self.bytes[self.position + index] != text.utf8Start[index] { return false }
        self.position += count
        return true
    }

    /// Whether the name just read equals `name`, or may equal it because it has an escape.
    private func mayBe(_ name: StaticString, _ start: Int) -> Bool {
        let read = UnsafeRawBufferPointer(rebasing: self.bytes[(start + 1)..<(self.position - 1)])
        if read.contains(UInt8(ascii: "\\")) { return true }
        return read.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }
}
