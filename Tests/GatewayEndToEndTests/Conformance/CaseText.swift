/// Bytes in a readable form: `\r
///  \t \0 \\`, `\xHH`, and `\9000{ab}` for a text repeated 9000 times.
enum CaseText {
    struct Malformed: Error, CustomStringConvertible {
        let text: String
        var description: String { "invalid escape: \(self.text)" }
    }

    static func bytes(_ text: String) throws -> [UInt8] {
        var rest = Array(text.utf8)[...]
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\") { bytes += try self.escape(&rest) } else { bytes.append(byte) }
        }
        return bytes
    }

    static func string(_ text: String) throws -> String { String(decoding: try self.bytes(text), as: UTF8.self) }

    private static func escape(_ rest: inout ArraySlice<UInt8>) throws -> [UInt8] {
        let malformed = Malformed(text: "\\" + String(decoding: rest.prefix(8), as: UTF8.self))
        switch rest.first {
        case UInt8(ascii: "r"): return self.take(&rest, 0x0D)
        case UInt8(ascii: "n"): return self.take(&rest, 0x0A)
        case UInt8(ascii: "t"): return self.take(&rest, 0x09)
        case UInt8(ascii: "0"): return self.take(&rest, 0x00)
        case UInt8(ascii: "\\"): return self.take(&rest, UInt8(ascii: "\\"))
        case UInt8(ascii: "x"):
            let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let byte = UInt8(digits, radix: 16) else { throw malformed }
            rest = rest.dropFirst(3)
            return [byte]
        default:
            let digits = String(decoding: rest.prefix { $0 != UInt8(ascii: "{") }, as: UTF8.self)
            guard let count = UInt16(digits), let end = rest.firstIndex(of: UInt8(ascii: "}")) else { throw malformed }
            let text = String(decoding: rest[..<end].dropFirst(digits.utf8.count + 1), as: UTF8.self)
            rest = rest[(end + 1)...]
            return try Array(repeatElement(self.bytes(text), count: Int(count)).joined())
        }
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, _ byte: UInt8) -> [UInt8] {
        rest = rest.dropFirst()
        return [byte]
    }
}
