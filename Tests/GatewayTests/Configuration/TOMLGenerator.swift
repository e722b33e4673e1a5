/// Writes random valid TOML: all kinds of keys, strings, numbers, tables and lists.
struct TOMLGenerator {
    private var random: SeededGenerator
    private var counter = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func document() -> String {
        var lines: [String] = []
        for _ in 0..<int(0...5) { lines.append(pair()) }
        for _ in 0..<int(0...5) {
            let name = key()
            let isList = bool()
            for _ in 0..<(isList ? int(1...3) : 1) {
                lines.append(blank() + (isList ? "[[\(name)]]" : "[\(name)]") + blank() + comment())
                for _ in 0..<int(0...4) { lines.append(pair()) }
                if bool() {
                    lines.append("[\(name) . \(key())]")
                    lines.append(pair())
                }
            }
        }
        return lines.joined(separator: bool() ? "\n" : "\r\n")
    }

    private mutating func pair() -> String {
        var name = key()
        while int(0...3) == 0 { name += blank() + "." + blank() + key() }
        return blank() + name + blank() + "=" + blank() + value(depth: 0) + blank() + comment()
    }

    /// Unique, so that no key is defined twice.
    private mutating func key() -> String {
        counter += 1
        let forms = ["k\(counter)", "\(counter)", "k-\(counter)_", "\"k \(counter).é\\n\"", "'k\\ \(counter)#'"]
        return forms[int(0...(forms.count - 1))]
    }

    private mutating func value(depth: Int) -> String {
        switch int(0...(depth < 3 ? 9 : 7)) {
        case 0: return pick(["true", "false"])
        case 1: return pick(["0", "-17", "+4", "1_000", "0xDEAD_beef", "0o755", "0b1101", "9223372036854775807"])
        case 2: return pick(["1.5", "-0.25e-3", "6E5", "1_0.0_1", "inf", "-inf"])
        case 3:
            return "\"" + pick(["", "a#b", "\\\"", "\\\\", "é\\u00e9", "[x] = {y}", "\\t\\U0001F600", "${X}"]) + "\""
        case 4: return "'" + pick(["", "\\", "\"", "# no comment", "]"]) + "'"
        case 5:
            return "\"\"\"" + pick(["", "\n", "\nfirst", "a\\\n   b", "a\"\"b", "\\\"\"\"\\\"", "é\n\n# x\n", "x\""])
                + "\"\"\""
        case 6: return "'''" + pick(["", "\n\n", "a''b", "\\\n", "x'"]) + "'''"
        case 7: return pick(["\"x\"", "0", "false"])
        case 8:
            let elements = (0..<int(0...4)).map { _ in list() + value(depth: depth + 1) + list() }
            return "[" + elements.joined(separator: ",") + (elements.isEmpty ? "" : pick(["", ",", ",\n# end\n"])) + "]"
        default:
            let entries = (0..<int(0...3)).map { _ in
                blank() + key() + blank() + "=" + blank() + value(depth: depth + 1)
            }
            return "{" + entries.joined(separator: ",") + " }"
        }
    }

    private mutating func list() -> String { pick(["", " ", "\n", "\t# note ] \"\n  "]) }
    private mutating func blank() -> String { pick(["", "", " ", "\t "]) }
    private mutating func comment() -> String { pick(["", "", "# [x] = \"y", "#"]) }
    private mutating func pick(_ choices: [String]) -> String { choices[int(0...(choices.count - 1))] }
    private mutating func bool() -> Bool { Bool.random(using: &random) }
    private mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
}

/// SplitMix64: the same seed gives the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
