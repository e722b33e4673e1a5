import GatewayHTTP

/// Text with placeholders for parts of the request: `https://{host}{uri}`.
///
/// `{{` and `}}` stand for literal braces. Other text in braces is kept, so JSON needs no escapes. A single unknown
/// word in braces is an error because it was probably meant as a placeholder.
package struct PlaceholderTemplate: Sendable {
    package enum Part: Sendable {
        case text([UInt8])
        case placeholder(Placeholder)
        /// `{jwt.NAME}`: a claim of the caller's token.
        case claim(ClaimPath)
    }

    package enum Placeholder: String, CaseIterable, Sendable {
        case requestID = "request_id"
        case clientIP = "client_ip"
        case scheme, host, path, query, uri, route
        case clientCertificateSubject = "client_cert.subject"
        case consumer, plan
    }

    package let parts: [Part]

    /// The reason why a template is rejected.
    package struct ParseError: Error, Hashable {
        package var message: String
        package var suggestion: String
    }

    package init(_ text: String) throws(ParseError) {
        let bytes = Array(text.utf8)
        var parts: [Part] = []
        var literal: [UInt8] = []
        // Open braces in the literal text. Inside them "}}" closes two levels, as in nested JSON.
        var depth = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let isDoubled = index + 1 < bytes.count && bytes[index + 1] == byte
            if byte == UInt8(ascii: "{"), !isDoubled, let name = Self.name(in: bytes[(index + 1)...]) {
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = []
                parts.append(try Self.part(name))
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

    /// Whether the template uses the host, which has no value if the request has no host.
    package var namesHost: Bool { self.parts.contains { if case .placeholder(.host) = $0 { true } else { false } } }

    /// Returns the text up to the closing brace if it has the form of a name.
    private static func name(in bytes: ArraySlice<UInt8>) -> String? {
        let isClaim = bytes.starts(with: Self.claimPrefix.utf8)
        let name = bytes.prefix {
            $0.isASCIILetter || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
                || isClaim && ($0 == UInt8(ascii: "-") || (UInt8(ascii: "/")...UInt8(ascii: ":")).contains($0))
        }
        guard !name.isEmpty, bytes[name.endIndex...].first == UInt8(ascii: "}") else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    /// Throws if the rest of the text is a placeholder name without its closing brace.
    private static func checkIsClosed(_ bytes: ArraySlice<UInt8>) throws(ParseError) {
        guard let name = Placeholder(rawValue: String(decoding: bytes, as: UTF8.self))?.rawValue else { return }
        throw ParseError(message: "{\(name) is not closed", suggestion: "write {\(name)}, or {{\(name) for the text")
    }

    private static let claimPrefix = "jwt."

    private static func part(_ name: String) throws(ParseError) -> Part {
        if let placeholder = Placeholder(rawValue: name) { return .placeholder(placeholder) }
        if name.hasPrefix(self.claimPrefix), name != self.claimPrefix {
            return .claim(ClaimPath(String(name.dropFirst(self.claimPrefix.count))))
        }
        let names = Placeholder.allCases.map(\.rawValue) + ["jwt.sub"]
        let meant = NearestName.of(name, among: names).map { "{\($0)}" }
        let others = "one of \(names.map { "{\($0)}" }.joined(separator: ", "))"
        throw ParseError(
            message: "{\(name)} is not known",
            suggestion: "write \(meant ?? others), or {{\(name)}} for the text"
        )
    }

    /// Returns the text with every placeholder replaced by `value`.
    func filled(with value: String) -> String {
        self.parts.reduce(into: "") { text, part in
            switch part {
            case .text(let bytes): text += String(decoding: bytes, as: UTF8.self)
            case .placeholder, .claim: text += value
            }
        }
    }
}
