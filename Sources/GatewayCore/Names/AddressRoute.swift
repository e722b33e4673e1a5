package import GatewayHTTP
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Checks whether the system has a route to an address.
enum AddressRoute {
    /// Returns whether the system may have a route to an address. Returns false only if the system reports that it
    /// has none, as for IPv6 addresses on a machine without IPv6.
    ///
    /// Connecting a datagram socket sends no packets, but makes the system look up the route (RFC 6724 section 6,
    /// rule 1).
    static func exists(to address: IPAddress) -> Bool {
        #if canImport(Glibc)
            let kind = Int32(SOCK_DGRAM.rawValue)
        #else
            let kind = SOCK_DGRAM
        #endif
        let descriptor = socket(address.isIPv6 ? AF_INET6 : AF_INET, kind, 0)
        guard descriptor >= 0 else { return errno != EAFNOSUPPORT }
        defer { close(descriptor) }
        guard let target = SocketAddress(address, port: 53) else { return false }
        let result = target.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        return result == 0 || ![ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT].contains(errno)
    }
}

extension SocketAddress {
    /// Creates a socket address. Returns nil if the port is invalid.
    package init?(_ address: IPAddress, port: Int) {
        guard let address = try? SocketAddress(ipAddress: address.description, port: port) else { return nil }
        self = address
    }
}
