import GatewayHTTP
import GatewayHTTP1

/// Parses a line of `Forwarded` (RFC 7239 section 4): `for=192.0.2.7;host="a.example:8080", for="[2001:db8::1]"`.
///
/// The parser does not split at commas, because quoted values may contain commas and semicolons. It is more lenient
/// than the RFC in two points that many proxies get wrong and that are unambiguous: it accepts whitespace around
/// semicolons, and colons and brackets outside quotes.
struct ForwardedParser {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Returns the elements in order, or nil if the line is malformed.
    static func elements(of line: UnsafeRawBufferPointer) -> [ForwardedElement]? {
        var parser = ForwardedParser(line)
        var elements: [ForwardedElement] = []
        while true {
            parser.skipSpace()
            let start = parser.index
            guard let element = parser.element() else { return nil }
            // RFC 9110 section 5.6.1.2: a list may have empty members.
            if parser.index > start { elements.append(element) }
            if parser.isAtEnd { return elements }
            parser.index += 1
        }
    }

    /// Parses `[ forwarded-pair ] *( ";" [ forwarded-pair ] )`, up to a comma or the end.
    private mutating func element() -> ForwardedElement? {
        var element = ForwardedElement()
        var names: [String] = []
        while true {
            self.skipSpace()
            if self.isAtEnd || self.next == UInt8(ascii: ",") { return element }
            if self.take(UInt8(ascii: ";")) { continue }
            let name = self.text(while: { ByteClass.isToken(CollectionOfOne($0)) }).lowercased()
            guard !name.isEmpty, self.take(UInt8(ascii: "=")), let value = self.value() else { return nil }
            // RFC 7239 section 4: a parameter occurs at most once per element.
            guard !names.contains(name) else { return nil }
            names.append(name)
            switch name {
            case "for": element.node = value
            case "proto": element.scheme = value.lowercased()
            case "host": element.host = value
            default: break
            }
            self.skipSpace()
            guard self.isAtEnd || self.next == UInt8(ascii: ";") || self.next == UInt8(ascii: ",") else { return nil }
        }
    }

    /// Parses a token or a quoted string.
    private mutating func value() -> String? {
        if self.next == UInt8(ascii: "\"") { return self.quotedString() }
        let value = self.text { byte in
            ByteClass.isToken(CollectionOfOne(byte)) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[")
                || byte == UInt8(ascii: "]")
        }
        return value.isEmpty ? nil : value
    }

    /// Parses a quoted string (RFC 9110 section 5.6.4).
    private mutating func quotedString() -> String? {
        self.index += 1
        var content: [UInt8] = []
        while let byte = self.next {
            self.index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = self.next else { return nil }
                content.append(escaped)
                self.index += 1
            default: content.append(byte)
            }
        }
        return nil
    }

    private var isAtEnd: Bool { self.index == self.bytes.count }

    private var next: UInt8? { self.isAtEnd ? nil : self.bytes[self.index] }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.index += 1
        return true
    }

    private mutating func skipSpace() {
        while self.next == 0x20 || self.next == 0x09 { self.index += 1 }
    }

    private mutating func text(while condition: (UInt8) -> Bool) -> String {
        let start = self.index
        while let byte = self.next, condition(byte) { self.index += 1 }
        return String(decoding: self.bytes[start..<self.index], as: UTF8.self)
    }
}
