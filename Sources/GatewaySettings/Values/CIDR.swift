public import GatewayHTTP

/// A block of IP addresses: `"10.0.0.0/8"`, `"2001:db8::/32"`, or a single address.
public struct CIDR: Hashable {
    /// An address in the block.
    public let address: IPAddress
    /// The prefix length in bits: 0 to 32 for IPv4, 0 to 128 for IPv6.
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
            throw SettingError("is not a network", suggestion: Self.suggestion(for: value))
        }
        guard cidr.network == cidr.address else {
            throw SettingError(
                "has bits beyond its prefix of \(cidr.prefix)",
                suggestion:
                    "write \"\(cidr.network)/\(cidr.prefix)\" for the network, or \"\(cidr.address)\" for the address"
            )
        }
        self = cidr
    }

    public var settingValue: SettingValue { .string("\(address)/\(prefix)") }

    /// The first address of the block.
    private var network: IPAddress {
        func kept(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits)) }
        guard address.isIPv6 else {
            return IPAddress(ipv4: UInt32(truncatingIfNeeded: address.low & kept(32 + prefix)))
        }
        return IPAddress(ipv6High: address.high & kept(prefix), low: address.low & kept(prefix - 64))
    }

    private static func suggestion(for value: SettingValue) -> String {
        guard case .string(let text) = value else { return "write \"10.0.0.0/8\"" }
        let parts = text.split(separator: "/", maxSplits: 1)
        if let first = parts.first, let address = IPAddress(first) {
            return "write \"\(address)\", or a prefix of at most \(address.isIPv6 ? 128 : 32)"
        }
        let octets = parts.first?.split(separator: ".") ?? []
        if octets.count < 4, !octets.isEmpty, octets.allSatisfy({ (Int(digits: $0) ?? 256) < 256 }) {
            let full = (octets + Array(repeating: "0", count: 4 - octets.count)).joined(separator: ".")
            if IPAddress(full) != nil { return "write \"\(full)/\(8 * octets.count)\"" }
        }
        if text == "localhost" { return "write \"127.0.0.0/8\"" }
        if text == "*" || text == "all" { return "write \"0.0.0.0/0\"" }
        return "write \"10.0.0.0/8\", \"2001:db8::/32\" or \"192.0.2.7\""
    }

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

extension [CIDR] {
    /// Whether a restricting rule matches the address, or the IPv4 address embedded in it.
    package func restrict(_ address: IPAddress) -> Bool {
        self.contains { $0.contains(address) }
            || address.embeddedIPv4.map { embedded in self.contains { $0.contains(embedded) } } ?? false
    }

    /// Whether a granting rule matches the address, or the public IPv4 address embedded in it.
    package func grant(_ address: IPAddress) -> Bool {
        if self.contains(where: { $0.contains(address) }) { return true }
        guard let embedded = address.embeddedIPv4, embedded.isPublicIPv4 else { return false }
        return self.contains { $0.contains(embedded) }
    }
}
