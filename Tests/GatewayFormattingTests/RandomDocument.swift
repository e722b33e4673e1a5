/// A valid TOML document from a seed, with every form of key, value, comment and white space.
struct RandomDocument {
    private var random: Generator
    private let lineEnd: String
    private var keys = 0

    /// Returns the text of the document.
    static func text(seed: UInt64) -> String {
        var document = RandomDocument(seed: seed)
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &document.random) { text += document.line() }
        return text
    }

    private init(seed: UInt64) {
        self.random = Generator(state: seed)
        self.lineEnd = seed % 8 == 0 ? "\r\n" : "\n"
    }

    private mutating func line() -> String {
        switch self.number(20) {
        case 0..<3: return self.blank() + self.lineEnd
        case 3..<6: return self.blank() + self.comment() + self.lineEnd
        case 6..<8: return self.blank() + "[\(self.key())]" + self.end()
        case 8..<10: return self.blank() + "[[\(self.key())]]" + self.end()
        default: return self.pair(depth: 0) + self.end()
        }
    }

    private mutating func pair(depth: Int) -> String { self.key() + "=" + self.blank() + self.value(depth) }

    private mutating func end() -> String { self.blank() + (self.number(3) == 0 ? self.comment() : "") + self.lineEnd }

    private mutating func key() -> String {
        var text = ""
        for index in 0...self.number(3) {
            self.keys += 1
            let name = self.one(["k", "é ", ".", "=", "#", "[x]"])
            let quoted = self.one(["\"\(name)\(self.keys)\"", "'\(name)\(self.keys)'", "k-_\(self.keys)"])
            text += (index > 0 ? "." : "") + self.blank() + quoted + self.blank()
        }
        return text
    }

    private mutating func value(_ depth: Int) -> String {
        if depth < 4, self.number(4) == 0 { return self.array(depth) }
        if depth < 4, self.number(6) == 0 {
            let pairs = (0..<self.number(4)).map { _ in self.pair(depth: depth + 1) + self.blank() }
            return "{" + self.blank() + pairs.joined(separator: ",") + "}"
        }
        let scalars = [
            "true", "-17", "0xDEAD_beef", "0o17", "1_000", "-1e5", "6.02_2E+23", "-inf",
            "nan", "1979-05-27", "07:32:00.5", "1979-05-27T07:32:60Z", "1979-05-27 07:32:00.999-07:00",
        ]
        return self.number(2) == 0 ? self.one(scalars) : self.string()
    }

    private mutating func array(_ depth: Int) -> String {
        let isSpacious = self.number(2) == 0
        let count = self.one([0, 1, 2, 3, 12])
        var text = "["
        for index in 0..<count {
            text += self.gap(isSpacious) + self.value(depth + 1) + self.gap(isSpacious)
            if index < count - 1 || self.number(2) == 0 { text += "," }
        }
        return text + self.gap(isSpacious) + "]"
    }

    private mutating func gap(_ isSpacious: Bool) -> String {
        var text = self.blank()
        while isSpacious, self.number(2) == 0 {
            text += self.one([self.lineEnd, self.comment() + self.lineEnd, self.lineEnd + self.lineEnd]) + self.blank()
        }
        return text
    }

    private mutating func string() -> String {
        let common = ["a", " ", "  ", "é", "😀", "#", "[", "]", "=", ",", "{", "}", "."]
        switch self.number(4) {
        case 0: return "\"" + self.run(common + ["\\\"", "\\\\", "\\n", "\\u00e9", "'"]) + "\""
        case 1: return "'" + self.run(common + ["\\", "\""]) + "'"
        case 2:
            let parts = common + ["\\\\", "\"a", "\"\"a", self.lineEnd, "\\" + self.lineEnd + " ", "'''"]
            return "\"\"\"" + self.run(parts) + self.one(["\"\"\"", "x\"\"\"\"\""])
        default:
            let parts = common + ["\\", "'a", "''a", self.lineEnd, self.lineEnd + "  ", "\"\"\""]
            return "'''" + self.run(parts) + self.one(["'''", "x'''''"])
        }
    }

    private mutating func run(_ parts: [String]) -> String {
        (0..<self.number(8)).map { _ in self.one(parts) }.joined()
    }

    private mutating func comment() -> String {
        "#" + self.one(["", " c", " é [1,", "\"\"\"", "'''", " a = 1", " x \t"])
    }

    private mutating func blank() -> String { self.one(["", "", " ", "   ", "\t", " \t"]) }

    private mutating func one<Element>(_ elements: [Element]) -> Element { elements[self.number(elements.count)] }

    private mutating func number(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self.random) }

    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (self.state ^ (self.state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
