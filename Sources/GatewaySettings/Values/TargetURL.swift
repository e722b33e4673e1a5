/// The address of an upstream server: `"http://127.0.0.1:9001"`, `"https://api.example.com"`, `"unix:/run/app.sock"`.
public enum TargetURL: Hashable {
    /// Plain HTTP over TCP. The host has no brackets.
    case http(host: String, port: Int)
    /// HTTP over TLS. The host has no brackets.
    case https(host: String, port: Int)
    /// Plain HTTP/2 over TCP, by prior knowledge (RFC 9113 section 3.3). The host has no brackets.
    case h2c(host: String, port: Int)
    /// Plain HTTP over a Unix socket.
    case unix(path: String)

    /// A placeholder for a missing target. Validation rejects it.
    package static let missing = TargetURL.http(host: "", port: 0)
}

extension TargetURL: Setting {
    public static var shape: SettingShape {
        .string("URL", examples: ["http://127.0.0.1:9001", "https://api.example.com", "unix:/run/app.sock"])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            throw SettingError("is not a URL", suggestion: "write \"http://127.0.0.1:9001\"")
        }
        self = try Self.parse(text)
    }

    public var settingValue: SettingValue { .string(description) }

    /// Reads `http://host:port`, `https://host`, `h2c://host:port` or `unix:/path`; returns nil for anything else.
    public init?(_ text: String) {
        guard let url = try? Self.parse(text) else { return nil }
        self = url
    }

    static var notAURL: SettingError {
        SettingError(
            "is not a URL",
            suggestion: "write \"http://127.0.0.1:9001\", \"https://api.example.com\" or \"unix:/run/app.sock\""
        )
    }

    package static func parse(_ text: String) throws(SettingError) -> TargetURL {
        if text.isEmpty { return .missing }
        // Schemes are case-insensitive (RFC 3986 section 3.1).
        let name = text.prefix { $0 != ":" }
        let text = name.lowercased() + text[name.endIndex...]
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard path.hasPrefix("/"), path.utf8.count < 104 else {
                throw SettingError.notASocketPath(path)
            }
            return .unix(path: path)
        }
        guard let scheme = Scheme.allCases.first(where: { text.hasPrefix($0.prefix) }) else {
            if text.hasPrefix("h2://") {
                let rest = text.dropFirst("h2://".count)
                throw SettingError(
                    "has a scheme that is not supported",
                    suggestion: "write \"https://\(rest)\", or \"h2c://\(rest)\" for HTTP/2 without TLS"
                )
            }
            if let (host, port) = HostAndPort.parse(text) {
                let authority = port.map { HostAndPort.text(host, $0) } ?? text
                throw SettingError("has no scheme", suggestion: "write \"http://\(authority)\"")
            }
            throw notAURL
        }
        return try Self.parse(authority: text.dropFirst(scheme.prefix.count), of: scheme)
    }

    private static func parse(authority: Substring, of scheme: Scheme) throws(SettingError) -> TargetURL {
        var authority = authority
        if authority.hasSuffix("/") { authority.removeLast() }
        // Check this before anything quotes part of the text, because a password may contain any character.
        if authority.utf8.contains(0x40) {
            throw SettingError(
                "has a user name, which a target cannot have",
                suggestion: "write \(JSONText.quoted(scheme.prefix + Self.host(after: authority)))"
            )
        }
        if let end = authority.utf8.firstIndex(where: { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }) {
            let url = scheme.prefix + authority[..<end]
            throw SettingError(
                "has a path, which a target cannot have",
                suggestion: "write \"\(url)\", and put the path into the rewrite of the route"
            )
        }
        guard let (host, port) = HostAndPort.parse(authority, rooted: true), port != 0 else {
            if let (host, port) = HostAndPort.parse(authority.prefix { $0 != ":" }, rooted: true), port == nil {
                throw SettingError(
                    "has a port that is not from 1 to 65535",
                    suggestion: "write \"\(scheme.prefix)\(host):\(scheme.examplePort)\", or another port"
                )
            }
            throw notAURL
        }
        switch scheme {
        case .http: return .http(host: host, port: port ?? 80)
        case .https: return .https(host: host, port: port ?? 443)
        case .h2c: return .h2c(host: host, port: port ?? 80)
        }
    }

    /// The schemes of URLs with a host.
    private enum Scheme: String, CaseIterable {
        case http, https, h2c

        var prefix: String { "\(rawValue)://" }
        var examplePort: Int { self == .https ? 8443 : 8080 }
    }
}

extension TargetURL {
    /// Whether requests go over TLS.
    package var isSecure: Bool { if case .https = self { true } else { false } }

    /// The host and port; nil for a socket file.
    package var hostAndPort: (host: String, port: Int)? {
        switch self {
        case .http(let host, let port), .https(let host, let port), .h2c(let host, let port): (host, port)
        case .unix: nil
        }
    }

    /// The port that a URL of this scheme may omit.
    package var defaultPort: Int { self.isSecure ? 443 : 80 }
}

extension TargetURL {
    /// Returns the host and port after the user information, or an example if there are none.
    private static func host(after authority: Substring) -> String {
        let text = authority.split(separator: "@").last?.prefix { !"/?#".contains($0) } ?? ""
        return HostAndPort.parse(text) == nil ? "127.0.0.1:9001" : String(text)
    }
}

extension TargetURL: CustomStringConvertible {
    /// The form used in `gateway.toml`.
    public var description: String {
        switch self {
        case .missing: ""
        case .http(let host, let port): "http://" + HostAndPort.text(host, port)
        case .https(let host, let port): "https://" + HostAndPort.text(host, port)
        case .h2c(let host, let port): "h2c://" + HostAndPort.text(host, port)
        case .unix(let path): "unix:" + path
        }
    }
}
