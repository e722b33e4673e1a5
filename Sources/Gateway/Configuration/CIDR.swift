/// A block of addresses: `"10.0.0.0/8"`, `"2001:db8::/32"`, or a single address.
public struct CIDR: Hashable {
    /// Any address of the block.
    public let address: IPAddress
    /// How many leading bits count: 0 to 32, or to 128 for IPv6.
    public let prefix: Int

    public init?(_ address: IPAddress, prefix: Int) {
        guard (0...(address.isIPv6 ? 128 : 32)).contains(prefix) else { return nil }
        self.address = address
        self.prefix = prefix
    }

    /// Whether the address is in the block.
    public func contains(_ other: IPAddress) -> Bool {
        guard other.isIPv6 == address.isIPv6 else { return false }
        guard address.isIPv6 else { return prefix == 0 || (address.low ^ other.low) >> UInt64(32 - prefix) == 0 }
        if prefix <= 64 { return prefix == 0 || (address.high ^ other.high) >> UInt64(64 - prefix) == 0 }
        return address.high == other.high && (address.low ^ other.low) >> UInt64(128 - prefix) == 0
    }
}

extension CIDR: Setting {
    public static var shape: SettingShape { .string("CIDR", examples: ["10.0.0.0/8", "2001:db8::/32"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value, let cidr = CIDR(text) else {
            throw SettingError("is not a CIDR", suggestion: "write \"10.0.0.0/8\", \"2001:db8::/32\" or one address")
        }
        self = cidr
    }

    public var settingValue: SettingValue { .string("\(address)/\(prefix)") }

    /// Reads `10.0.0.0/8` or a single address.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parts[0]) else { return nil }
        let whole = address.isIPv6 ? 128 : 32
        if parts.count == 1 {
            self.init(address, prefix: whole)
        } else {
            guard let prefix = Int(digits: parts[1]) else { return nil }
            self.init(address, prefix: prefix)
        }
    }
}
