import GatewayHTTP

/// The address of Redis: `"redis://127.0.0.1:6379/0"`, `"rediss://user:password@a.example,b.example:6380"`.
public struct RedisURL: Hashable, Sendable {
    /// One server.
    public struct Host: Hashable, Sendable {
        /// A name, or an address without brackets.
        public var name: String
        public var port: Int

        public init(_ name: String, port: Int = 6379) {
            self.name = name
            self.port = port
        }
    }

    /// Whether connections use TLS.
    public var isSecure = false
    /// Empty for the default user.
    public var user = ""
    /// Empty to send none.
    public var password = ""
    /// In the order of preference.
    public var hosts: [Host] = []
    public var database = 0

    public init(hosts: [Host]) { self.hosts = hosts }

    package static let standard = RedisURL(hosts: [Host("127.0.0.1")])
}

extension RedisURL: Setting {
    public static var shape: SettingShape {
        .string("URL", examples: ["redis://127.0.0.1:6379/0", "rediss://redis.example"])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else { throw Self.notAURL }
        self = try Self.parse(text)
    }

    public var settingValue: SettingValue { .string(self.description) }

    private static var notAURL: SettingError {
        SettingError("is not a URL of Redis", suggestion: "write \"redis://127.0.0.1:6379/0\"")
    }

    package static func parse(_ text: String) throws(SettingError) -> RedisURL {
        guard let separator = text.firstRange(of: "://") else {
            if let (host, port) = HostAndPort.parse(text), port != 0 {
                let url = "redis://\(HostAndPort.text(host, port ?? 6379))"
                throw SettingError("has no scheme", suggestion: "write \(JSONText.quoted(url))")
            }
            throw Self.notAURL
        }
        var url = RedisURL(hosts: [])
        switch text[..<separator.lowerBound].lowercased() {
        case "redis", "valkey": url.isSecure = false
        case "rediss", "valkeys": url.isSecure = true
        default:
            throw SettingError(
                "has a scheme that is not supported",
                suggestion: "write redis://, or rediss:// with TLS"
            )
        }
        var rest = text[separator.upperBound...]
        // A password may contain any character, so the last @ ends it.
        if let at = rest.lastIndex(of: "@") {
            let (user, password) = try Self.credentials(rest[..<at])
            url.user = user
            url.password = password
            rest = rest[rest.index(after: at)...]
        }
        guard !rest.utf8.contains(0x3F), !rest.utf8.contains(0x23) else {
            throw SettingError("has a query, which has no meaning", suggestion: "remove what begins with ? or #")
        }
        if let slash = rest.firstIndex(of: "/") {
            let number = rest[rest.index(after: slash)...]
            guard number.isEmpty || Int(digits: number).map({ $0 <= 65_535 }) == true else {
                throw SettingError("has a database that is not a number", suggestion: "write /0 at its end")
            }
            url.database = Int(digits: number) ?? 0
            rest = rest[..<slash]
        }
        for host in rest.split(separator: ",", omittingEmptySubsequences: false) {
            guard let (name, port) = HostAndPort.parse(host, rooted: true), port != 0 else {
                throw SettingError(
                    "has a host that is not a name or an address with a port from 1 to 65535",
                    suggestion: "write \"redis://127.0.0.1:6379/0\""
                )
            }
            url.hosts.append(Host(name, port: port ?? 6379))
        }
        return url
    }

    /// Reads `user:password`, `:password`, or a password alone.
    private static func credentials(_ text: Substring) throws(SettingError) -> (user: String, password: String) {
        guard let colon = text.firstIndex(of: ":") else {
            throw SettingError(
                "has a user without a password",
                suggestion: "write redis://user:password@host, or redis://:password@host for the default user"
            )
        }
        let password = text[text.index(after: colon)...]
        return (PercentEncoding.decoded(text[..<colon]), PercentEncoding.decoded(password))
    }
}

extension RedisURL: CustomStringConvertible {
    /// With the password. Never log it.
    public var description: String {
        let hosts = self.hosts.map { HostAndPort.text($0.name, $0.port) }.joined(separator: ",")
        var credentials = ""
        if !self.user.isEmpty || !self.password.isEmpty {
            credentials = "\(Self.encoded(self.user)):\(Self.encoded(self.password))@"
        }
        return "redis\(self.isSecure ? "s" : "")://\(credentials)\(hosts)/\(self.database)"
    }

    /// Everything but letters, digits and hyphens is escaped, so that nothing is taken for a separator.
    private static func encoded(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"): result.append(byte)
            default:
                result += [UInt8(ascii: "%"), PercentEncoding.hexDigit(byte >> 4), PercentEncoding.hexDigit(byte & 15)]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension RedisURL.Host: CustomStringConvertible {
    public var description: String { HostAndPort.text(self.name, self.port) }
}
