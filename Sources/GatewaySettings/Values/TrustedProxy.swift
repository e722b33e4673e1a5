/// An entry of `server.trusted_proxies`: a block of addresses, or `"unix:"` for all peers on Unix sockets.
public enum TrustedProxy: Hashable {
    case block(CIDR)
    /// All peers on Unix sockets. The permissions of the socket's folder control who may connect.
    case unixSocket
}

extension TrustedProxy: Setting {
    public static var shape: SettingShape { .string("CIDR", examples: ["10.0.0.0/8", "2001:db8::/32", "unix:"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            throw SettingError("is not a network", suggestion: "write \"10.0.0.0/8\", \"192.0.2.7\" or \"unix:\"")
        }
        if text.hasPrefix("unix:") {
            guard text == "unix:" else {
                throw SettingError(
                    "names one socket, but peers on all of them are trusted alike",
                    suggestion: "write \"unix:\""
                )
            }
            self = .unixSocket
        } else {
            self = .block(try CIDR(setting: value))
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .block(let block): block.settingValue
        case .unixSocket: .string("unix:")
        }
    }

    /// Reads `10.0.0.0/8`, a single address, or `unix:`; returns nil for anything else.
    public init?(_ text: String) {
        guard let proxy = try? TrustedProxy(setting: .string(text)) else { return nil }
        self = proxy
    }
}
