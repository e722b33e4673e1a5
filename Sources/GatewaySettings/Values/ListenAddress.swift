import GatewayHTTP

/// An address to listen on: `"127.0.0.1:8080"`, `"[::]:8080"`, `"unix:/run/gateway.sock"`. A scheme in front of it,
/// such as `"https://0.0.0.0:443"`, says whether connections use TLS.
public struct ListenAddress: Hashable {
    /// Where the gateway listens.
    public enum Location: Hashable, Sendable {
        /// An IP address, or a name that resolves to one, without brackets. With port 0 the system chooses a port.
        case host(String, port: Int)
        case unix(path: String)
    }

    /// The protocol of an address that names one.
    public enum Scheme: String, Hashable, Sendable {
        case http, https
    }

    public var location: Location
    /// Whether connections use TLS. Nil: they do if there is a `[server.tls]`.
    public var scheme: Scheme?

    public init(_ location: Location, scheme: Scheme? = nil) {
        self.location = location
        self.scheme = scheme
    }

    /// Returns the address of a host and a port. With port 0 the system chooses a port.
    public static func host(_ host: String, port: Int) -> ListenAddress { ListenAddress(.host(host, port: port)) }

    /// Returns the address of a Unix socket.
    public static func unix(path: String) -> ListenAddress { ListenAddress(.unix(path: path)) }
}

extension ListenAddress: Setting {
    public static var shape: SettingShape {
        .string("address", examples: ["127.0.0.1:8080", "[::]:8080", "https://0.0.0.0:443", "unix:/run/gateway.sock"])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            if case .integer(let port) = value {
                throw SettingError("is not an address", suggestion: "write \"127.0.0.1:\(port)\"")
            }
            throw SettingError("is not an address", suggestion: "write \"127.0.0.1:8080\"")
        }
        self = try Self.parse(text)
    }

    public var settingValue: SettingValue {
        .string((self.scheme.map { $0.rawValue + "://" } ?? "") + self.description)
    }

    /// Reads an address; returns nil if it is not one.
    public init?(_ text: String) {
        guard let address = try? Self.parse(text) else { return nil }
        self = address
    }

    private static func parse(_ text: String) throws(SettingError) -> ListenAddress {
        for scheme in [Scheme.http, .https] where text.hasPrefix(scheme.rawValue + "://") {
            let location = try Self.location(text.dropFirst(scheme.rawValue.utf8.count + "://".count))
            return ListenAddress(location, scheme: scheme)
        }
        return ListenAddress(try Self.location(text[...]))
    }

    private static func location(_ text: Substring) throws(SettingError) -> Location {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            // sun_path has room for 108 bytes on Linux and 104 elsewhere, including the terminating zero.
            guard path.hasPrefix("/"), path.utf8.count < 104 else {
                throw SettingError.notASocketPath(path)
            }
            return .unix(path: path)
        }
        guard let (host, port) = HostAndPort.parse(text) else { throw SettingError.notAnAddress(text) }
        guard let port else {
            throw SettingError("has no port", suggestion: "write \"\(HostAndPort.text(host, 8080))\"")
        }
        return .host(host, port: port)
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The address without a scheme.
    public var description: String {
        switch self.location {
        case .host(let host, let port): HostAndPort.text(host, port)
        case .unix(let path): "unix:" + path
        }
    }
}

extension ListenAddress {
    /// Whether this is `[::]` and one of `others` has the same port on IPv4. Alone, `[::]` accepts both families. Next
    /// to such an address it accepts only IPv6, because the two cannot both bind the port.
    package func leavesIPv4(to others: [ListenAddress]) -> Bool {
        guard case .host(let host, let port) = self.location, port != 0, IPAddress(host) == IPAddress("::") else {
            return false
        }
        return others.contains { other in
            guard case .host(let otherHost, port) = other.location else { return false }
            return IPAddress(otherHost)?.isIPv6 != true
        }
    }
}

/// Parses and formats `host:port` in addresses and URLs.
package enum HostAndPort {
    /// Returns the host without brackets and the port, if any. Returns nil if the host is neither an IP address nor a
    /// host name, or if the port is not 0 to 65535.
    ///
    /// - Parameter rooted: Whether a name may end in a dot. The result keeps the dot.
    package static func parse(_ text: some StringProtocol, rooted: Bool = false) -> (host: String, port: Int?)? {
        var host = String(text)
        var port: Int?
        let afterBracket = host.utf8.lastIndex(of: 0x5D).map { host.utf8.index(after: $0) } ?? host.startIndex
        if let colon = host[afterBracket...].utf8.lastIndex(of: 0x3A) {
            guard let number = Int(digits: host[host.utf8.index(after: colon)...]), number <= 65_535 else { return nil }
            port = number
            host = String(host[..<colon])
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard IPAddress(host)?.isIPv6 == true || host.lowercased().hasPrefix("::ffff:") && IPAddress(host) != nil
            else { return nil }
        } else {
            let name = rooted && host.hasSuffix(".") ? host.dropLast() : host[...]
            guard isHostName(name), name.endIndex == host.endIndex || IPAddress(name) == nil else { return nil }
        }
        return (host, port)
    }

    package static func text(_ host: String, _ port: Int) -> String {
        host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether the name consists of letters, digits, hyphens and underscores in labels of 1 to 63 bytes, at most 253
    /// bytes in total (RFC 1123 section 2.1). Underscores are accepted because container networks use them. A name of
    /// only digits and dots must be an IPv4 address.
    static func isHostName(_ name: Substring) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        if name.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }) { return IPAddress(name) != nil }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.first != 0x2D && label.utf8.last != 0x2D
                && label.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x2D || byte == 0x5F
                }
        }
    }
}

extension SettingError {
    /// Returns the error for text that is not a valid `host:port`.
    static func notAnAddress(_ text: Substring) -> SettingError {
        if text.hasPrefix(":"), let port = Int(digits: text.dropFirst()), port <= 65_535 {
            return SettingError(
                "has no host",
                suggestion: "write \"127.0.0.1:\(port)\", or \"0.0.0.0:\(port)\" for all interfaces"
            )
        }
        if let port = Int(digits: text), port <= 65_535 {
            return SettingError("is not an address", suggestion: "write \"127.0.0.1:\(port)\"")
        }
        if let colon = text.utf8.lastIndex(of: 0x3A), let port = Int(digits: text[text.utf8.index(after: colon)...]),
            port > 65_535
        {
            return SettingError(
                "has a port over 65535",
                suggestion: "write \"\(text[..<colon]):8080\", or another port up to 65535"
            )
        }
        return SettingError(
            "is not an address",
            suggestion: "write \"127.0.0.1:8080\", \"[::1]:8080\" or \"unix:/run/gateway.sock\""
        )
    }

    /// Returns the error for a socket path that is not absolute or is too long for the system.
    static func notASocketPath(_ path: String) -> SettingError {
        if path.hasPrefix("/") {
            return SettingError("is longer than the 103 bytes of a socket path", suggestion: "use a shorter path")
        }
        let name = path.split(separator: "/").filter { $0 != "." && $0 != ".." }.joined(separator: "/")
        return SettingError(
            "is not an absolute path",
            suggestion: "write \"unix:/run/\(name.isEmpty ? "gateway.sock" : name)\""
        )
    }
}
