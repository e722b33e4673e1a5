import Gateway

@testable import GatewaySettings

/// The texts of a file after following the suggestion of an error to the letter, one per alternative.
struct SuggestedEdits {
    private let text: [Unicode.Scalar]
    /// The position of the error.
    private let offset: Int
    private(set) var results: [String] = []

    init(_ error: ConfigurationError, in toml: String) {
        let text = Array(toml.unicodeScalars)
        self.text = text
        var offset = 0
        for _ in 1..<max(1, error.line) {
            offset = (text[offset...].firstIndex(of: "\n") ?? text.count - 1) + 1
        }
        let place = min(text.count, offset + max(0, error.column - 1))
        self.offset = place
        let suggestion = Array(error.suggestion.unicodeScalars)
        let words = { (prefix: String) in error.suggestion.hasPrefix(prefix) }
        if words("remove it") {
            results = [removed()]
        } else if words("add [") {
            results = [edited(text.count..<text.count, "\n\(error.suggestion.dropFirst(4))\n")]
        } else if words("add ") {
            results = [added(Self.assignment(Array(suggestion.dropFirst(4))))].compactMap { $0 }
        } else if words("write \"]\" after its last value") {
            results = [edited(endOfList..<endOfList, "]")]
        } else if words("write \"}\" after its last value") {
            results = [edited(endOfLine(place)..<endOfLine(place), " }")]
        } else if words("write [") && Self.isHeader(suggestion.dropFirst(6)) {
            let header = String(String.UnicodeScalarView(suggestion.dropFirst(6).prefix { $0 != " " && $0 != "," }))
            let isBelow = error.suggestion.hasSuffix("below the other keys instead")
            results = [isBelow ? moved(to: header) : edited(startOfLine(place)..<endOfLine(place), header)]
        } else if let (unknown, known) = Self.placeholders(in: error.suggestion) {
            let rest = String(String.UnicodeScalarView(text[place...]))
            results = [edited(place..<text.count, rest.replacing(unknown, with: known, maxReplacements: 1))]
        } else if let end = Self.endOfText(error, in: text[place...]) {
            results = Self.literals(suggestion.dropFirst(6)).map { edited(place..<end, $0) }
        } else if words("write ") {
            results = Self.literals(suggestion.dropFirst(6)).map(replaced)
        }
    }

    // MARK: Suggestions

    /// The values at the start of a suggestion: `"5s" or "250ms"`.
    private static func literals(_ text: ArraySlice<Unicode.Scalar>) -> [String] {
        var literals: [String] = []
        var rest = text
        while let end = valueEnd(rest) {
            literals.append(String(String.UnicodeScalarView(rest[..<end])))
            rest = rest[end...]
            guard let separator = [", or ", " or ", ", "].first(where: { rest.starts(with: $0.unicodeScalars) }) else {
                break
            }
            rest = rest.dropFirst(separator.unicodeScalars.count)
        }
        return literals
    }

    /// What to replace, and with what, for `write {host}, or {{hots}} for the text` and `write {uri}, or {{uri for
    /// the text`.
    private static func placeholders(in suggestion: String) -> (unknown: String, known: String)? {
        let parts = suggestion.split(separator: "{")
        guard suggestion.hasPrefix("write {"), parts.count == 3, suggestion.contains("{{") else { return nil }
        let unknown = parts[2].prefix { $0 != "}" && $0 != " " }
        let isClosed = parts[2].dropFirst(unknown.count).hasPrefix("}")
        return ("{" + String(unknown) + (isClosed ? "}" : ""), "{" + parts[1].prefix { $0 != "}" } + "}")
    }

    /// The end of the text that the error reports as an invalid value.
    private static func endOfText(_ error: ConfigurationError, in text: ArraySlice<Unicode.Scalar>) -> Int? {
        let (start, end) = ("invalid TOML: ", " is not a value")
        guard error.message.hasPrefix(start), error.message.hasSuffix(end) else { return nil }
        let shown = error.message.dropFirst(start.count).dropLast(end.count).unicodeScalars
        return text.starts(with: shown) ? text.startIndex + shown.count : nil
    }

    private static func assignment(_ text: [Unicode.Scalar]) -> String? {
        guard let equals = text.firstIndex(of: "="), let end = valueEnd(text[(equals + 2)...]) else { return nil }
        return String(String.UnicodeScalarView(text[..<end]))
    }

    private static func isHeader(_ text: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let inner = text.first(where: { $0 != "[" }) else { return false }
        let word = text.drop { $0 == "[" }.prefix { $0 != "]" && $0 != "," }
        return inner.properties.isAlphabetic && word != Array("true".unicodeScalars)[...]
    }

    /// The end of the TOML value at the start; nil for prose.
    private static func valueEnd(_ text: ArraySlice<Unicode.Scalar>) -> Int? {
        guard let first = text.first else { return nil }
        switch first {
        case "\"", "'": return stringEnd(text)
        case "[", "{":
            var depth = 0
            var index = text.startIndex
            while index < text.endIndex {
                switch text[index] {
                case "\"", "'":
                    guard let end = stringEnd(text[index...]) else { return nil }
                    index = end
                    continue
                case "[", "{": depth += 1
                case "]", "}":
                    depth -= 1
                    if depth == 0 { return index + 1 }
                default: break
                }
                index += 1
            }
            return nil
        default:
            let word = text.prefix { !",]}#\n \r:".unicodeScalars.contains($0) }
            let isWord = ["true", "false"].contains(String(String.UnicodeScalarView(word)))
            let isNumber = Double(String(String.UnicodeScalarView(word))) != nil
            return isWord || isNumber ? word.endIndex : nil
        }
    }

    private static func stringEnd(_ text: ArraySlice<Unicode.Scalar>) -> Int? {
        guard let quote = text.first else { return nil }
        var index = text.startIndex + 1
        while index < text.endIndex {
            if text[index] == "\\", quote == "\"" {
                index += 2
            } else if text[index] == quote {
                return index + 1
            } else {
                index += 1
            }
        }
        return nil
    }

    // MARK: Edits

    private func edited(_ range: Range<Int>, _ replacement: String) -> String {
        String(
            String.UnicodeScalarView(
                text[..<range.lowerBound] + Array(replacement.unicodeScalars) + text[range.upperBound...]
            )
        )
    }

    private func replaced(by literal: String) -> String {
        guard isKey else { return edited(offset..<endOfValue(offset), literal) }
        let name = literal.hasPrefix("\"") ? String(literal.dropFirst().dropLast()) : literal
        return edited(offset..<endOfKey(offset), name)
    }

    private func added(_ assignment: String?) -> String? {
        guard let assignment else { return nil }
        if offset < text.count, text[offset] == "{" {
            let isEmpty = text[(offset + 1)...].first { $0 != " " } == "}"
            return edited(offset + 1..<offset + 1, " " + assignment + (isEmpty ? " " : ","))
        }
        let end = endOfLine(offset)
        return edited(end..<end, "\n" + assignment)
    }

    /// The text with the line removed, and the header inserted after the other keys of its table.
    private func moved(to header: String) -> String {
        let line = startOfLine(offset)..<min(endOfLine(offset) + 1, text.count)
        var end = endOfLine(offset)
        while end < text.count, !isHeaderLine(end + 1) { end = endOfLine(end + 1) }
        let others = text[line.upperBound..<max(end, line.upperBound)]
        return edited(
            line.lowerBound..<max(end, line.upperBound),
            String(String.UnicodeScalarView(others)) + "\n\(header)\n"
        )
    }

    private func removed() -> String {
        let start = startOfLine(offset)
        if isHeaderLine(start) {
            // The whole table, up to the next header.
            var end = endOfLine(offset)
            while end < text.count, !isHeaderLine(end + 1) { end = endOfLine(end + 1) }
            return edited(start..<min(end + 1, text.count), "")
        }
        let valueStart: Int
        var first = offset
        if isKey {
            let equals = text[offset...].firstIndex(of: "=") ?? offset
            valueStart = text[(equals + 1)...].firstIndex { $0 != " " } ?? offset
        } else {
            valueStart = offset
            if let equals = text[..<offset].lastIndex(where: { $0 != " " }), text[equals] == "=" {
                first = startOfKey(equals)
            }
        }
        var range = first..<endOfValue(valueStart)
        if first == text[start...].firstIndex(where: { $0 != " " }) {
            return edited(start..<min(endOfLine(range.upperBound) + 1, text.count), "")
        }
        // An element of a list or an inline table, with the comma after or before it.
        if let comma = text[range.upperBound...].firstIndex(where: { $0 != " " }), text[comma] == "," {
            range = range.lowerBound..<comma + 1
        } else if let comma = text[..<range.lowerBound].lastIndex(where: { $0 != " " }), text[comma] == "," {
            range = comma..<range.upperBound
        }
        return edited(range, "")
    }

    // MARK: Positions

    private func startOfLine(_ offset: Int) -> Int {
        text[..<min(offset, text.count)].lastIndex(of: "\n").map { $0 + 1 } ?? 0
    }
    private func endOfLine(_ offset: Int) -> Int {
        offset < text.count ? text[offset...].firstIndex(of: "\n") ?? text.count : text.count
    }

    private func isHeaderLine(_ start: Int) -> Bool {
        guard start < text.count else { return false }
        return text[start...].first { $0 != " " } == "["
    }

    private var isKey: Bool {
        guard offset < text.count else { return false }
        if isHeaderLine(startOfLine(offset)) { return text[offset] != "[" }
        var start = offset
        while true {
            let end = endOfKey(start)
            guard end > start, let next = text[end...].firstIndex(where: { $0 != " " }) else { return false }
            guard text[next] == ".", next + 1 < text.count else { return text[next] == "=" }
            start = next + 1
        }
    }

    private func endOfKey(_ start: Int) -> Int {
        if text[start] == "\"" || text[start] == "'" { return Self.stringEnd(text[start...]) ?? start }
        return text[start...].firstIndex {
            !($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || $0 == "-")
        }
            ?? text.count
    }

    private func startOfKey(_ equals: Int) -> Int {
        let before = text[..<equals].lastIndex { "\n,{".unicodeScalars.contains($0) } ?? -1
        return text[(before + 1)...].firstIndex { $0 != " " } ?? equals
    }

    private func endOfValue(_ start: Int) -> Int {
        if let end = Self.valueEnd(text[start...]) { return end }
        return text[start...].firstIndex { ",]}\n".unicodeScalars.contains($0) } ?? text.count
    }

    /// The position after the last value of the unterminated list at the error, and after a comma that follows it.
    private var endOfList: Int {
        var last = offset + 1
        var index = offset + 1
        while index < text.count {
            guard let next = text[index...].firstIndex(where: { !" \n\r,".unicodeScalars.contains($0) }) else { break }
            guard text[next] == "\"" || ("0"..."9").contains(text[next]), let end = Self.valueEnd(text[next...]) else {
                break
            }
            if let after = text[end...].first(where: { $0 != " " }), after == "=" { break }
            last = end
            index = end
        }
        if let comma = text[last...].firstIndex(where: { $0 != " " }), text[comma] == "," { return comma + 1 }
        return last
    }
}
