/// Which addresses the gateway may connect to for a URL that somebody else chose. A URL must not lead to services that
/// only the gateway's own machine or network can reach (server-side request forgery).
package enum AddressPolicy: Hashable, Sendable {
    case all
    /// Addresses of hosts on the Internet.
    case publicOnly

    package func allows(_ address: IPAddress) -> Bool { self == .all || address.isPublic }

    /// What the host of a URL is, before its name is looked up.
    package enum Host: Hashable, Sendable {
        /// A name, or an address that is allowed.
        case allowed
        /// An address that is not allowed.
        case refused
        /// `localhost`, or a name in it (RFC 6761 section 6.3).
        case localhost
        /// An IPv4 address in a form that only some programs read, such as `0x7f.1`.
        case unusualAddress
    }

    /// - Parameter host: The host without brackets.
    package func judge(host: String) -> Host {
        var name = host.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if let address = IPAddress(name) { return self.allows(address) ? .allowed : .refused }
        // The last label decides whether a host is an IPv4 address (WHATWG URL Standard section 3.5).
        if let last = name.split(separator: ".").last, Self.isNumber(last) { return .unusualAddress }
        if self == .publicOnly, name == "localhost" || name.hasSuffix(".localhost") { return .localhost }
        return .allowed
    }

    private static func isNumber(_ label: Substring) -> Bool {
        if label.hasPrefix("0x") { return label.utf8.dropFirst(2).allSatisfy { PercentEncoding.isHexDigit($0) } }
        return label.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

extension IPAddress {
    /// Whether hosts on the Internet can have the address (IANA special-purpose address registries, RFC 6890). An IPv6
    /// address that embeds an IPv4 address counts as that one.
    package var isPublic: Bool {
        guard self.isIPv6 else { return !Self.specialIPv4.contains { self.isIn($0.network, $0.prefix) } }
        if let embedded = self.embeddedIPv4 { return embedded.isPublic }
        // 2000::/3 is all that is assigned to hosts. Loopback, link-local, unique local, multicast, IPv4-compatible and
        // the local NAT64 prefix are not in it.
        guard self.high >> 61 == 1 else { return false }
        return !Self.specialIPv6.contains { self.high >> (64 - $0.prefix) == $0.network >> (64 - $0.prefix) }
    }

    private func isIn(_ network: UInt64, _ prefix: UInt64) -> Bool {
        self.low >> (32 - prefix) == network >> (32 - prefix)
    }

    private static let specialIPv4: [(network: UInt64, prefix: UInt64)] = [
        (0x0000_0000, 8),  // this network
        (0x0A00_0000, 8),  // private
        (0x6440_0000, 10),  // shared by carriers (RFC 6598)
        (0x7F00_0000, 8),  // loopback
        (0xA9FE_0000, 16),  // link-local
        (0xAC10_0000, 12),  // private
        (0xC000_0000, 24),  // IETF protocols
        (0xC000_0200, 24),  // documentation
        (0xC058_6300, 24),  // relays of 6to4 (RFC 7526)
        (0xC0A8_0000, 16),  // private
        (0xC612_0000, 15),  // benchmarks (RFC 2544)
        (0xC633_6400, 24),  // documentation
        (0xCB00_7100, 24),  // documentation
        (0xE000_0000, 4),  // multicast
        (0xF000_0000, 4),  // reserved, and broadcast
    ]

    /// The upper halves of networks in 2000::/3.
    private static let specialIPv6: [(network: UInt64, prefix: UInt64)] = [
        (0x2001_0000_0000_0000, 23),  // IETF protocols, with Teredo, benchmarks and ORCHID
        (0x2001_0DB8_0000_0000, 32),  // documentation
        (0x3FFF_0000_0000_0000, 20),  // documentation (RFC 9637)
    ]
}
