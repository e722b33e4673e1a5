/// The URL of a service that the gateway itself sends requests to: `"https://issuer.example/.well-known/jwks.json"`.
public struct ServiceURL: Hashable {
    /// The server.
    package let target: TargetURL
    /// The path and the query.
    package let path: String

    /// A placeholder for a missing URL.
    package static let missing = ServiceURL(target: .missing, path: "")

    private init(target: TargetURL, path: String) {
        self.target = target
        self.path = path
    }

    /// Reads an `http://` or `https://` URL; returns nil for anything else.
    public init?(_ text: String) {
        guard let url = try? Self.parse(text), url != .missing else { return nil }
        self = url
    }
}

extension ServiceURL: Setting {
    public static var shape: SettingShape {
        .string("URL", examples: ["http://127.0.0.1:9000/auth", "https://issuer.example/.well-known/jwks.json"])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else { throw Self.notAURL }
        self = try Self.parse(text)
    }

    public var settingValue: SettingValue { .string(self.description) }

    private static let notAURL = SettingError(
        "is not an http or https URL",
        suggestion: "write \"http://127.0.0.1:9000/path\" or \"https://api.example.com/path\""
    )

    package static func parse(_ text: String) throws(SettingError) -> ServiceURL {
        if text.isEmpty { return .missing }
        guard let colon = text.firstIndex(of: ":") else { throw Self.notAURL }
        // Schemes are case-insensitive (RFC 3986 section 3.1).
        let scheme = text[..<colon].lowercased() + "://"
        guard scheme == "http://" || scheme == "https://", text[colon...].hasPrefix("://") else { throw Self.notAURL }
        let rest = text[colon...].dropFirst("://".count)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else {
            throw SettingError(
                "has a user name, which is not supported",
                suggestion: "write the URL without user name and password"
            )
        }
        let path = rest[authority.endIndex...]
        guard !path.contains("#") else {
            throw SettingError("has a fragment, which is never sent", suggestion: "remove \"#\" and what follows it")
        }
        try URIText.check(path, of: .url, in: text)
        guard !authority.isEmpty else { throw Self.notAURL }
        let target: TargetURL
        do throws(SettingError) {
            target = try TargetURL.parse(scheme + authority)
        } catch {
            guard error.problem == TargetURL.notAURL.problem else { throw error }
            throw Self.notAURL
        }
        return ServiceURL(target: target, path: path.hasPrefix("/") ? String(path) : "/" + path)
    }
}

extension ServiceURL: CustomStringConvertible {
    /// The form used in `gateway.toml`.
    public var description: String {
        self == .missing ? "" : self.target.description + self.path
    }
}
