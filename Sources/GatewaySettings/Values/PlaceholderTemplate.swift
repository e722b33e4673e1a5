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
        let text = BracedText(text, isNameByte: Self.isNameByte)
        var parts: [Part] = []
        for part in text.parts {
            switch part {
            case .literal(let bytes): parts.append(.text(bytes))
            case .name(let name): parts.append(try Self.part(name))
            }
        }
        if let name = Placeholder(rawValue: text.unclosed)?.rawValue {
            throw ParseError(
                message: "{\(name) is not closed",
                suggestion: "write {\(name)}, or {{\(name) for the text"
            )
        }
        self.parts = parts
    }

    /// Whether the template uses the host, which has no value if the request has no host.
    package var namesHost: Bool { self.parts.contains { if case .placeholder(.host) = $0 { true } else { false } } }

    /// The names of claims contain more bytes than others.
    private static func isNameByte(_ byte: UInt8, after before: ArraySlice<UInt8>) -> Bool {
        if byte.isASCIILetter || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") { return true }
        return before.starts(with: self.claimPrefix.utf8)
            && (byte == UInt8(ascii: "-") || (UInt8(ascii: "/")...UInt8(ascii: ":")).contains(byte))
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
