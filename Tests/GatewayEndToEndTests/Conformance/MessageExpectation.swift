/// Expectations of a forwarded message.
struct MessageExpectation: Sendable {
    enum Framing: Sendable, Equatable {
        /// Neither a length nor chunks.
        case none
        case length(String)
        case chunked
    }

    var fields: [(name: String, value: String)] = []
    var absent: [String] = []
    var body: [UInt8] = []
    var framing = Framing.none
    var trailers: [(name: String, value: String)] = []
    /// The reason phrase.
    var reason: String?

    /// Parses one line; returns false if the line is not about a message.
    mutating func read(_ line: String) throws -> Bool {
        let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let rest = words.count > 1 ? words[1] : ""
        switch words[0] {
        case "field": self.fields.append(try Self.field(rest))
        case "no": self.absent.append(rest)
        case "body": self.body = try CaseText.bytes(rest)
        case "length": self.framing = .length(rest)
        case "chunked": self.framing = .chunked
        case "trailer": self.trailers.append(try Self.field(rest))
        case "reason": self.reason = try CaseText.string(rest)
        default: return false
        }
        return true
    }

    private static func field(_ text: String) throws -> (name: String, value: String) {
        guard let colon = text.firstRange(of: ": ") ?? (text.hasSuffix(":") ? text.firstRange(of: ":") : nil) else {
            throw CaseText.Malformed(text: text)
        }
        return (String(text[..<colon.lowerBound]), try CaseText.string(String(text[colon.upperBound...])))
    }

    /// The fields that differ.
    func fieldDifferences(from message: Message) -> [String] {
        var found: [String] = []
        for name in Set(self.fields.map { $0.name.lowercased() }).union(self.absent) {
            let expected = self.fields.filter { $0.name.lowercased() == name }.map(\.value)
            let seen = message.all(name)
            if seen != expected { found.append("\(name): \(seen), expected \(expected)") }
        }
        return found
    }

    /// The parts of the message that differ; empty if it is as expected.
    func differences(from message: Message) -> [String] {
        var found = self.fieldDifferences(from: message)
        func expect<T: Equatable>(_ what: String, _ seen: T, _ expected: T) {
            if seen != expected { found.append("\(what): \(seen), expected \(expected)") }
        }
        expect("body", String(decoding: message.body, as: UTF8.self), String(decoding: self.body, as: UTF8.self))
        switch self.framing {
        case .none:
            expect("Content-Length", message.all("Content-Length"), [])
            expect("Transfer-Encoding", message.all("Transfer-Encoding"), [])
        case .length(let length):
            expect("Content-Length", message.all("Content-Length"), [length])
            expect("Transfer-Encoding", message.all("Transfer-Encoding"), [])
        case .chunked:
            expect("Content-Length", message.all("Content-Length"), [])
            expect("Transfer-Encoding", message.all("Transfer-Encoding"), ["chunked"])
        }
        expect(
            "trailers",
            message.trailers.map { "\($0.name): \($0.value)" },
            self.trailers.map { "\($0.name): \($0.value)" }
        )
        if let reason = self.reason {
            let parts = message.startLine.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            expect("reason phrase", parts.count > 2 ? String(parts[2]) : nil, reason)
        }
        return found + self.faults(of: message)
    }

    /// Violations that no forwarded message may have.
    private func faults(of message: Message) -> [String] {
        var found: [String] = []
        for (name, value) in message.fields + message.trailers {
            if name.isEmpty || !name.utf8.allSatisfy(Self.isTokenByte) { found.append("field name \(name)") }
            if value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
                found.append("field value \(value)")
            }
        }
        if message.startLine.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
            found.append("start line")
        }
        let hopByHop = [
            "Keep-Alive", "Proxy-Connection", "Upgrade", "HTTP2-Settings", "Trailer", "Proxy-Authorization",
        ]
        for name in hopByHop where message[name] != nil && !self.fields.contains(where: { $0.name == name }) {
            found.append("\(name) was forwarded")
        }
        return found
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
