import GatewayCore
import GatewayHTTP
import GatewaySettings

/// An origin whose pages may do something: `https://app.example.com`, `https://*.example.com`, `http://localhost:*`,
/// `null` or `*`.
///
/// Browsers serialize an origin in lower case and without the default port of its scheme (section 7.1.1 of the HTML
/// standard). Patterns are brought into that form, and then compared byte by byte.
struct OriginPattern: Hashable, Sendable {
    /// Why a text is not a pattern, and what was probably meant.
    struct Mistake: Error, Hashable {
        let problem: String
        let suggestion: String
    }

    private enum Form: Hashable, Sendable {
        case any
        case exact([UInt8])
        /// What comes before and after the `*`.
        case host(prefix: [UInt8], suffix: [UInt8])
        /// What comes before the colon of the port.
        case port(origin: [UInt8])
    }

    private let form: Form

    init(_ text: String) throws(Mistake) {
        if text == "*" || text == "null" {
            self.form = text == "*" ? .any : .exact(Array(text.utf8))
            return
        }
        let text = text.lowercased()
        if text == "null" { throw Mistake(problem: "is not an origin", suggestion: "write \"null\"") }
        guard let separator = text.firstRange(of: "://"), Self.isScheme(text[..<separator.lowerBound]) else {
            throw Mistake(problem: "is not an origin", suggestion: Self.suggestion(for: text))
        }
        let scheme = text[..<separator.lowerBound]
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { !"/?#\\".contains($0) }
        guard authority.count == rest.count else {
            throw Mistake(
                problem: "has more than a scheme, a host and a port",
                suggestion: authority.isEmpty ? Self.suggestion(for: "") : "write \"\(scheme)://\(authority)\""
            )
        }
        guard authority.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw Mistake(
                problem: "has a host that is not ASCII",
                suggestion: "write the host as browsers send it, with labels such as \"xn--bcher-kva\""
            )
        }
        let (host, port) = Self.split(authority)
        let hasAnyLabel = host.hasPrefix("*.")
        let fixed = hasAnyLabel ? host.dropFirst(2) : host
        let isPort = port.isEmpty || port == "*" && !hasAnyLabel || port.utf8.allSatisfy { ByteClass.isDigit($0) }
        guard isPort, HostAndPort.parse(port.isEmpty || port == "*" ? String(fixed) : "\(fixed):\(port)") != nil,
            !(hasAnyLabel && fixed.hasPrefix("["))
        else { throw Mistake(problem: "is not an origin", suggestion: Self.suggestion(for: String(authority))) }
        let isDefaultPort = scheme == "https" && port == "443" || scheme == "http" && port == "80"
        let portText = port.isEmpty || port == "*" || isDefaultPort ? "" : ":\(port)"
        if hasAnyLabel {
            self.form = .host(prefix: Array("\(scheme)://".utf8), suffix: Array(".\(fixed)\(portText)".utf8))
        } else {
            let origin = Array("\(scheme)://\(host)\(portText)".utf8)
            self.form = port == "*" ? .port(origin: origin) : .exact(origin)
        }
    }

    /// Whether the pattern is `*`.
    var isAny: Bool { self.form == .any }

    /// The origin, if the pattern means only one.
    var origin: [UInt8]? { if case .exact(let origin) = self.form { origin } else { nil } }

    /// The part of the host that is fixed, if any host below it matches.
    var parentHost: String? {
        guard case .host(_, let suffix) = self.form else { return nil }
        return String(decoding: suffix.dropFirst().prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
    }

    /// Returns whether the pattern includes this value of `Origin`.
    func matches(_ origin: UnsafeRawBufferPointer) -> Bool {
        switch self.form {
        case .any: true
        case .exact(let text): Self.equal(origin, text)
        case .host(let prefix, let suffix):
            origin.count > prefix.count + suffix.count
                && Self.equal(UnsafeRawBufferPointer(rebasing: origin[..<prefix.count]), prefix)
                && Self.equal(UnsafeRawBufferPointer(rebasing: origin[(origin.count - suffix.count)...]), suffix)
                && Self.areLabels(origin[prefix.count..<(origin.count - suffix.count)])
        case .port(let text):
            // The default port is not written.
            origin.count >= text.count
                && Self.equal(UnsafeRawBufferPointer(rebasing: origin[..<text.count]), text)
                && Self.isPort(origin[text.count...])
        }
    }

    private static func equal(_ left: UnsafeRawBufferPointer, _ right: [UInt8]) -> Bool {
        right.withUnsafeBytes { ByteClass.equals(left, $0) }
    }

    /// Whether the bytes are labels of a host name, with a dot between any two.
    private static func areLabels(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        var previous = UInt8(ascii: ".")
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                break
            case UInt8(ascii: ".") where previous != UInt8(ascii: "."): break
            default: return false
            }
            previous = byte
        }
        return previous != UInt8(ascii: ".")
    }

    /// Whether the bytes are nothing, or a colon and a port.
    private static func isPort(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let first = bytes.first else { return true }
        return first == UInt8(ascii: ":") && (2...6).contains(bytes.count)
            && bytes.dropFirst().allSatisfy { ByteClass.isDigit($0) }
    }

    // MARK: Patterns

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first.isASCIILetter else { return false }
        return text.utf8.allSatisfy { $0.isASCIILetter || ByteClass.isDigit($0) || "+-.".utf8.contains($0) }
    }

    /// Splits at the colon of the port. An IPv6 address keeps its brackets.
    private static func split(_ authority: Substring) -> (host: Substring, port: Substring) {
        guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else {
            return (authority, "")
        }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func suggestion(for text: String) -> String {
        let host = text.drop { $0 == "*" || $0 == "." || $0 == "/" || $0 == ":" }.prefix { !"/?#\\*".contains($0) }
        let isHost = HostAndPort.parse(String(host)) != nil && host.utf8.allSatisfy { $0 < 0x80 }
        let wildcard = text.hasPrefix("*.") ? "*." : ""
        return "write \"https://\(isHost ? wildcard + host : "app.example.com")\""
    }
}

extension OriginPattern {
    /// Returns the pattern of an element of `origins`, or reports the mistake in it.
    static func checked(_ origin: String, at index: Int, in context: inout BuildContext) -> OriginPattern? {
        do throws(Mistake) {
            return try OriginPattern(origin)
        } catch {
            context.fail(
                "\(JSONText.quoted(origin)) \(error.problem)",
                suggestion: error.suggestion,
                at: "origins",
                String(index)
            )
            return nil
        }
    }
}
