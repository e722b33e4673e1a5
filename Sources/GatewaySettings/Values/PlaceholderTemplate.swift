import GatewayHTTP

/// Text with placeholders for parts of the request: `https://{host}{uri}`.
///
/// `{{` and `}}` write braces. Other text in braces stays as it is, so that JSON needs no escapes. Only a single word in
/// braces that is no known name is an error, since it was probably meant as one.
package struct PlaceholderTemplate: Sendable {
    package enum Part: Sendable {
        case text([UInt8])
        case placeholder(Placeholder)
    }

    package enum Placeholder: String, CaseIterable, Sendable {
        case requestID = "request_id"
        case clientIP = "client_ip"
        case scheme, host, path, query, uri, route
    }

    package let parts: [Part]

    /// Why a template is refused.
    package struct ParseError: Error, Hashable {
        package var message: String
        package var suggestion: String
    }

    package init(_ text: String) throws(ParseError) {
        let bytes = Array(text.utf8)
        var parts: [Part] = []
        var literal: [UInt8] = []
        // Braces of the text itself that are open: within them "}}" closes two, as in nested JSON.
        var depth = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let isDoubled = index + 1 < bytes.count && bytes[index + 1] == byte
            if byte == UInt8(ascii: "{"), !isDoubled, let name = Self.name(in: bytes[(index + 1)...]) {
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = []
                parts.append(.placeholder(try Self.placeholder(name)))
                index += name.utf8.count + 2
                continue
            }
            literal.append(byte)
            index += 1
            if byte == UInt8(ascii: "{") {
                if isDoubled {
                    index += 1
                } else {
                    try Self.checkIsClosed(bytes[index...])
                    depth += 1
                }
            } else if byte == UInt8(ascii: "}") {
                if depth > 0 { depth -= 1 } else if isDoubled { index += 1 }
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// Whether a request without a host has no value for it.
    package var namesHost: Bool { self.parts.contains { if case .placeholder(.host) = $0 { true } else { false } } }

    /// What stands between braces where that has the form of a name.
    private static func name(in bytes: ArraySlice<UInt8>) -> String? {
        let name = bytes.prefix { $0.isASCIILetter || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
        guard !name.isEmpty, bytes[name.endIndex...].first == UInt8(ascii: "}") else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    /// Nothing follows the name but the end of the text: its brace was forgotten.
    private static func checkIsClosed(_ bytes: ArraySlice<UInt8>) throws(ParseError) {
        guard let name = Placeholder(rawValue: String(decoding: bytes, as: UTF8.self))?.rawValue else { return }
        throw ParseError(message: "{\(name) is not closed", suggestion: "write {\(name)}, or {{\(name) for the text")
    }

    private static func placeholder(_ name: String) throws(ParseError) -> Placeholder {
        if let placeholder = Placeholder(rawValue: name) { return placeholder }
        if ["jwt.sub", "consumer"].contains(name) {
            throw ParseError(
                message: "{\(name)} is not supported in this version",
                suggestion: "take it out, or write {{\(name)}} for the text"
            )
        }
        let names = Placeholder.allCases.map(\.rawValue)
        let meant = NearestName.of(name, among: names).map { "{\($0)}" }
        let others = "one of \(names.map { "{\($0)}" }.joined(separator: ", "))"
        throw ParseError(
            message: "{\(name)} is not known",
            suggestion: "write \(meant ?? others), or {{\(name)}} for the text"
        )
    }

    /// The text with something in the place of each placeholder.
    package func filled(with value: String) -> String {
        self.parts.reduce(into: "") { text, part in
            switch part {
            case .text(let bytes): text += String(decoding: bytes, as: UTF8.self)
            case .placeholder: text += value
            }
        }
    }
}
