/// `[admin]`: the listener for health and metrics.
public struct AdminConfiguration: SettingTable {
    /// One address, or `"off"`.
    public var listen = AdminListen.address(.host("127.0.0.1", port: 8081))
    /// Bearer token that callers must send. Empty: only loopback may connect.
    public var token = ""
    /// Admin paths that are also served on `server.listen`.
    public var expose: [String] = []

    public init() {}
}

/// Where the admin endpoints listen, or `"off"`.
public enum AdminListen: Hashable {
    case off
    case address(ListenAddress)
}

extension AdminListen: Setting {
    public static var shape: SettingShape {
        .string("address or `\"off\"`", examples: ["127.0.0.1:8081", "unix:/run/gateway-admin.sock", "off"])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        if value == .string("off") || value == .boolean(false) {
            self = .off
        } else {
            self = .address(try ListenAddress(setting: value))
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .off: "off"
        case .address(let address): address.settingValue
        }
    }
}
