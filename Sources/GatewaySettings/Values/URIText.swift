import GatewayHTTP

/// Validates text for URIs (RFC 3986 section 2) that is sent to clients or upstreams as written.
package enum URIText {
    package enum Part: String {
        case path
        /// A complete URL or a URL reference.
        case url = "URL"

        func forbids(_ byte: UInt8) -> Bool {
            if byte <= 0x20 || byte >= 0x7F { return true }
            return (self == .path ? "?#\\\"<>^`|" : "\\\"<>^`|{}").utf8.contains(byte)
        }
    }

    /// Checks that the text contains only characters that are allowed in the part.
    ///
    /// - Parameter written: The full text, which the suggestion repeats with the error corrected.
    package static func check(
        _ text: some StringProtocol,
        of part: Part,
        in written: String? = nil
    ) throws(SettingError) {
        let suggestion = "write \(JSONText.quoted(escaped(written ?? String(text), for: part, keepingBraces: true)))"
        if let character = text.first(where: { $0.utf8.contains(where: part.forbids) }) {
            throw SettingError(
                "has the character \(JSONText.quoted(String(character))), which must be escaped in a \(part.rawValue)",
                suggestion: suggestion
            )
        }
        var rest = Array(text.utf8)[...]
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[(percent + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ PercentEncoding.isHexDigit($0) }) else {
                throw SettingError("has a \"%\" without two hex digits", suggestion: suggestion)
            }
            rest = rest[(percent + 3)...]
        }
    }

    /// Checks a path that is sent to an upstream and that all servers must interpret alike.
    ///
    /// - Parameter written: The template that produced the path.
    static func checkRequestPath(_ path: String, in written: String) throws(SettingError) {
        if path.contains("?") {
            throw SettingError(
                "has a query; the client's query is kept anyway",
                suggestion: "write \(JSONText.quoted(String(written.prefix { $0 != "?" })))"
            )
        }
        try self.check(path, of: .path, in: written)
        for segment in path.split(separator: "/") where [".", ".."].contains(PercentEncoding.decoded(segment)) {
            throw SettingError("has \"\(segment)\", which servers resolve", suggestion: Self.resolved(written))
        }
        var normal: [UInt8] = []
        switch Array(path.utf8).withUnsafeBytes({ PathNormalizer.normalize($0, into: &normal) }) {
        case .invalid(.nul):
            throw SettingError(
                "has %00, which no path can have",
                suggestion: "write \(JSONText.quoted(written.replacing("%00", with: "")))"
            )
        case .invalid:
            throw SettingError(
                "has a segment that begins with \".;\" or \"..;\", which some servers resolve",
                suggestion: Self.resolved(written)
            )
        case .unchanged, .rewritten: break
        }
    }

    /// Returns a suggestion to write the template without dot segments.
    private static func resolved(_ template: String) -> String {
        var segments: [Substring] = []
        for segment in template.split(separator: "/") {
            let plain = segment.replacing("{rest}", with: "")
            switch PercentEncoding.decoded(plain.prefix { $0 != ";" }) {
            case ".": break
            case "..": _ = segments.popLast()
            default: segments.append(segment)
            }
            // Keep what "/*" matched, without the dots before it.
            if segment.contains("{rest}"), segments.last != segment { segments.append("{rest}") }
        }
        return "write \(JSONText.quoted("/" + segments.joined(separator: "/")))"
    }
}
