/// The address of an upstream server: `"http://127.0.0.1:9001"`, `"unix:/run/app.sock"`.
public enum TargetURL: Hashable {
    /// Plain HTTP over TCP. The host has no brackets.
    case http(host: String, port: Int)
    /// Plain HTTP over a Unix socket.
    case unix(path: String)

    /// A placeholder for a missing target. Validation rejects it.
    package static let missing = TargetURL.http(host: "", port: 0)
}

extension TargetURL: Setting {
    public static var shape: SettingShape {
        .string("URL", examples: ["http://127.0.0.1:9001", "unix:/run/app.sock"])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            throw SettingError("is not a URL", suggestion: "write \"http://127.0.0.1:9001\"")
        }
        self = try Self.parse(text)
    }

    public var settingValue: SettingValue { .string(description) }

    /// Reads `http://host:port` or `unix:/path`; returns nil for anything else.
    public init?(_ text: String) {
        guard let url = try? Self.parse(text) else { return nil }
        self = url
    }

    static var notAURL: SettingError {
        SettingError("is not a URL", suggestion: "write \"http://127.0.0.1:9001\" or \"unix:/run/app.sock\"")
    }

    package static func parse(_ text: String) throws(SettingError) -> TargetURL {
        if text.isEmpty { return .missing }
        // Schemes are case-insensitive (RFC 3986 section 3.1).
        let scheme = text.prefix { $0 != ":" }
        let text = scheme.lowercased() + text[scheme.endIndex...]
        for scheme in ["https", "h2c", "h2"] where text.hasPrefix(scheme + "://") {
            throw SettingError(
                "is an \(scheme) target, which is not supported in this version",
                suggestion: "write \"http://\(text.dropFirst(scheme.count + 3))\" if the server also speaks plain HTTP"
            )
        }
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard path.hasPrefix("/"), path.utf8.count < 104 else {
                throw SettingError.notASocketPath(path)
            }
            return .unix(path: path)
        }
        guard text.hasPrefix("http://") else {
            if let (host, port) = HostAndPort.parse(text) {
                let authority = port.map { HostAndPort.text(host, $0) } ?? text
                throw SettingError("has no scheme", suggestion: "write \"http://\(authority)\"")
            }
            throw notAURL
        }
        var authority = text.dropFirst("http://".count)
        if authority.hasSuffix("/") { authority.removeLast() }
        // Check this before anything quotes part of the text, because a password may contain any character.
        if authority.utf8.contains(0x40) {
            throw SettingError(
                "has a user name, which a target cannot have",
                suggestion: "write \(JSONText.quoted("http://" + Self.host(after: authority)))"
            )
        }
        if let end = authority.utf8.firstIndex(where: { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }) {
            throw SettingError(
                "has a path, which a target cannot have",
                suggestion: "write \"http://\(authority[..<end])\", and put the path into the rewrite of the route"
            )
        }
        guard let (host, port) = HostAndPort.parse(authority, rooted: true), port != 0 else {
            if let (host, port) = HostAndPort.parse(authority.prefix { $0 != ":" }, rooted: true), port == nil {
                throw SettingError(
                    "has a port that is not from 1 to 65535",
                    suggestion: "write \"http://\(host):8080\", or another port"
                )
            }
            throw notAURL
        }
        return .http(host: host, port: port ?? 80)
    }
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
        case .unix(let path): "unix:" + path
        }
    }
}
