import GatewayHTTP

/// Orders the addresses of a name independently of the order in the DNS response, which name servers rotate.
enum AddressOrder {
    /// Returns the addresses with alternating families, IPv6 first (RFC 8305 section 4).
    static func interleaved(_ ipv4: [IPAddress], _ ipv6: [IPAddress]) -> [IPAddress] {
        var result: [IPAddress] = []
        result.reserveCapacity(ipv4.count + ipv6.count)
        for index in 0..<max(ipv4.count, ipv6.count) {
            if index < ipv6.count { result.append(ipv6[index]) }
            if index < ipv4.count { result.append(ipv4[index]) }
        }
        return result
    }

    /// Returns the addresses sorted, without duplicates and without addresses that no server can have.
    static func normalized(_ addresses: [IPAddress]) -> [IPAddress] {
        var seen: Set<IPAddress> = []
        return addresses.filter { $0.canBeConnectedTo && seen.insert($0).inserted }
            .sorted { ($0.high, $0.low) < ($1.high, $1.low) }
    }
}

extension IPAddress {
    /// Whether a server can have the address: false for unspecified, multicast and broadcast addresses (RFC 6890
    /// section 2.2). Linux connects to itself if the address is unspecified.
    fileprivate var canBeConnectedTo: Bool {
        if isIPv6 { return !(high == 0 && low == 0) && high >> 56 != 0xFF }
        let first = low >> 24
        return first != 0 && !(224...239).contains(first) && low != 0xFFFF_FFFF
    }
}
