package import GatewayHTTP

/// The name of a server that its certificate must contain.
package enum ServerName: Hashable, Sendable, CustomStringConvertible {
    /// A DNS name without a final dot.
    case dns(String)
    case address(IPAddress)

    /// Creates the name for the host of a URL.
    package init(_ host: String) {
        if let address = IPAddress(host) {
            self = .address(address)
        } else {
            self = .dns(host.hasSuffix(".") ? String(host.dropLast()) : host)
        }
    }

    /// The name to send in the handshake (SNI). An address is not sent (RFC 6066 section 3).
    package var indication: String? { if case .dns(let name) = self { name } else { nil } }

    package var description: String {
        switch self {
        case .dns(let name): name
        case .address(let address): "\(address)"
        }
    }
}
