import GatewaySettings

/// Parses a serialized policy (CSP Level 3 section 2.2.1) and finds likely mistakes in it.
///
/// Browsers silently ignore what they do not understand, so a forgotten quote opens or breaks a whole site. Such
/// policies are legal and only cause warnings.
struct ContentSecurityPolicy {
    struct Directive: Hashable {
        /// In lower case.
        package var name: String
        var values: [String]
    }

    /// Why a text is not a policy.
    struct ParseError: Error, Hashable {
        var message: String
        var suggestion: String
    }

    /// Parts that a browser probably interprets differently than intended.
    struct Warning: Hashable {
        var message: String
        var suggestion: String
    }

    /// The placeholder of the response's nonce.
    static let placeholder = "{nonce}"

    let directives: [Directive]
    let usesNonce: Bool
    private let hasComma: Bool

    init(_ text: String) throws(ParseError) {
        for scalar in text.unicodeScalars where !(0x20..<0x7F).contains(scalar.value) {
            let code = String(scalar.value, radix: 16, uppercase: true)
            throw ParseError(
                message:
                    "the policy has the character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code)",
                suggestion: "write it in one line of ASCII characters"
            )
        }
        let parts = text.split(separator: "{", omittingEmptySubsequences: false)
        for part in parts.dropFirst() where !part.hasPrefix("nonce}") {
            let name = part.prefix { $0 != "}" && $0 != " " && $0 != ";" && $0 != "'" }
            throw ParseError(
                message: part.contains("}") ? "{\(name)} is unknown" : "a \"{\" is not closed",
                suggestion: "use {nonce}"
            )
        }
        self.usesNonce = parts.count > 1
        self.hasComma = text.contains(",")
        self.directives = text.split(separator: ";").compactMap { directive in
            let words = directive.split(separator: " ").map { String($0) }
            return words.first.map { Directive(name: $0.lowercased(), values: Array(words.dropFirst())) }
        }
    }

    /// The policy for responses without a nonce: without its source, content that needs the nonce is blocked.
    static func withoutNonces(_ text: String) -> String {
        guard text.contains(self.placeholder) else { return text }
        return text.split(separator: ";").map { directive in
            let words = directive.split(separator: " ")
            let kept = words.filter { !$0.contains(self.placeholder) }
            return (kept.count == 1 && words.count > 1 ? kept + ["'none'"] : kept).joined(separator: " ")
        }.joined(separator: "; ")
    }

    /// Whether the policy already has a directive of this name.
    func contains(_ name: String) -> Bool { self.directives.contains { $0.name == name } }

    package var warnings: [Warning] {
        var warnings: [Warning] = []
        if self.hasComma {
            warnings.append(
                Warning(message: "a comma begins a second policy", suggestion: "separate directives by \";\"")
            )
        }
        var seen: Set<String> = []
        for directive in self.directives {
            if !seen.insert(directive.name).inserted {
                warnings.append(
                    Warning(
                        message: "\(directive.name) is there twice, and browsers use the first only",
                        suggestion: "merge the two"
                    )
                )
            }
            warnings += directive.warnings
        }
        return warnings
    }
}

extension ContentSecurityPolicy.Directive {
    typealias Warning = ContentSecurityPolicy.Warning

    fileprivate var warnings: [Warning] {
        guard let kind = Self.known[self.name] else {
            let nearest = NearestName.of(self.name, among: Array(Self.known.keys))
            return [
                Warning(
                    message: "\"\(self.name)\" is not a directive, so browsers ignore it",
                    suggestion: nearest.map { "use \($0)" } ?? "drop it"
                )
            ]
        }
        switch kind {
        case .obsolete:
            return [Warning(message: "browsers no longer support \(self.name)", suggestion: "drop it")]
        case .other: return []
        case .words(let words): return self.values.compactMap { Self.warning(of: $0, keywords: words) }
        case .sources: return self.sourceWarnings
        }
    }

    private var sourceWarnings: [Warning] {
        var warnings = self.values.compactMap { Self.warning(of: $0, keywords: Self.keywords) }
        let values = self.values.map { $0.lowercased() }
        let trusted = values.contains { value in
            Self.valuePrefixes.contains { value.hasPrefix("'\($0)") }
        }
        if trusted, values.contains("'unsafe-inline'") {
            warnings.append(
                Warning(
                    message: "\(self.name) has 'unsafe-inline' beside a nonce or a hash, so browsers ignore it",
                    suggestion: "drop 'unsafe-inline'"
                )
            )
        }
        if !trusted, values.contains("'strict-dynamic'") {
            warnings.append(
                Warning(
                    message: "\(self.name) has 'strict-dynamic' without a nonce or a hash, so no script runs",
                    suggestion: "add 'nonce-{nonce}'"
                )
            )
        }
        if values.count > 1, values.contains("'none'") {
            warnings.append(
                Warning(
                    message: "\(self.name) has 'none' beside other values, so browsers ignore 'none'",
                    suggestion: "use 'none' alone, or drop it"
                )
            )
        }
        return warnings
    }

    private static func warning(of value: String, keywords: Set<String>) -> Warning? {
        let word = value.lowercased()
        if keywords.contains(word) || self.valuePrefixes.contains(where: word.hasPrefix) {
            return Warning(
                message: "\(value) without quotes is read as a host",
                suggestion: "use '\(value)'"
            )
        }
        guard word.hasPrefix("'") else { return nil }
        let inner = String(word.dropFirst().prefix { $0 != "'" })
        let isClosed = word.count > 1 && word.hasSuffix("'")
        if isClosed, keywords.contains(inner) || self.valuePrefixes.contains(where: inner.hasPrefix) { return nil }
        let nearest = NearestName.of(inner, among: Array(keywords))
        return Warning(
            message: "\(value) is not a keyword, so browsers ignore it",
            suggestion: nearest.map { "use '\($0)'" } ?? "drop it, or name a host without quotes"
        )
    }
}

extension ContentSecurityPolicy.Directive {
    /// The kind of values that a directive has.
    enum Kind {
        /// Hosts, schemes, keywords, nonces and hashes.
        case sources
        /// These words in quotes, and unquoted names.
        case words(Set<String>)
        case other
        /// Obsolete directives.
        case obsolete
    }

    /// The directives of CSP Level 3 and its extensions.
    static let known: [String: Kind] = {
        var known: [String: Kind] = [:]
        for name in [
            "default-src", "child-src", "connect-src", "fenced-frame-src", "font-src", "frame-src", "img-src",
            "manifest-src", "media-src", "object-src", "script-src", "script-src-attr", "script-src-elem", "style-src",
            "style-src-attr", "style-src-elem", "worker-src", "base-uri", "form-action", "frame-ancestors",
        ] {
            known[name] = .sources
        }
        known["require-trusted-types-for"] = .words(["script"])
        known["trusted-types"] = .words(["none", "allow-duplicates"])
        for name in ["sandbox", "report-uri", "report-to", "upgrade-insecure-requests", "webrtc"] {
            known[name] = .other
        }
        for name in [
            "block-all-mixed-content", "navigate-to", "plugin-types", "prefetch-src", "referrer", "reflected-xss",
            "require-sri-for",
        ] {
            known[name] = .obsolete
        }
        return known
    }()

    private static let keywords: Set<String> = [
        "self", "none", "unsafe-inline", "unsafe-eval", "wasm-unsafe-eval", "unsafe-hashes", "strict-dynamic",
        "report-sample", "inline-speculation-rules", "trusted-types-eval",
    ]

    private static let valuePrefixes = ["nonce-", "sha256-", "sha384-", "sha512-"]
}
