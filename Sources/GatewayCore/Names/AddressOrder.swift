import GatewayHTTP

/// Puts the addresses of a name in an order that does not depend on the order of the answer, since name servers rotate it.
enum AddressOrder {
    /// Alternates between the families, IPv6 first (RFC 8305 section 4).
    static func interleaved(_ ipv4: [IPAddress], _ ipv6: [IPAddress]) -> [IPAddress] {
        var result: [IPAddress] = []
        result.reserveCapacity(ipv4.count + ipv6.count)
        for index in 0..<max(ipv4.count, ipv6.count) {
            if index < ipv6.count { result.append(ipv6[index]) }
            if index < ipv4.count { result.append(ipv4[index]) }
        }
        return result
    }

    /// Sorts, and drops duplicates and addresses that no server can have.
    package static func normalized(_ addresses: [IPAddress]) -> [IPAddress] {
        var seen: Set<IPAddress> = []
        return addresses.filter { $0.canBeConnectedTo && seen.insert($0).inserted }
            .sorted { ($0.high, $0.low) < ($1.high, $1.low) }
    }
}

extension IPAddress {
    /// False for unspecified, multicast and broadcast addresses (RFC 6890 section 2.2). Linux takes a connection to an
    /// unspecified address for one to itself.
    fileprivate var canBeConnectedTo: Bool {
        if isIPv6 { return !(high == 0 && low == 0) && high >> 56 != 0xFF }
        let first = low >> 24
        return first != 0 && !(224...239).contains(first) && low != 0xFFFF_FFFF
    }
}
