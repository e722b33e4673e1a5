package import GatewayHTTP
package import NIOCore

/// The sender of a request: the peer of the connection, or the client that a trusted proxy reports.
public struct ClientAddress: Sendable, CustomStringConvertible {
    /// The IP address, or nil for a peer on a Unix socket and for a client that a trusted proxy does not report.
    package let ip: IPAddress?
    /// The text for logs and `X-Forwarded-For`: without a port, and with IPv4-mapped addresses as IPv4.
    package let text: [UInt8]

    package init(_ ip: IPAddress) {
        self.ip = ip
        self.text = Array(ip.description.utf8)
    }

    /// The address without a port, or `unknown` for a peer on a Unix socket.
    public var description: String { String(decoding: self.text, as: UTF8.self) }

    /// A peer on a Unix socket has no address; RFC 7239 section 6.1 calls it unknown.
    package static let unknown = ClientAddress()

    private init() { self.init(withoutIP: Array("unknown".utf8)) }

    private init(withoutIP text: [UInt8]) {
        self.ip = nil
        self.text = text
    }

    /// A client that the proxy at this address does not report. Logs show the proxy, but rules do not match its
    /// address.
    var withoutIP: ClientAddress { ClientAddress(withoutIP: self.text) }

    package init(_ address: SocketAddress?) {
        if let text = address?.ipAddress, let ip = IPAddress(text) { self.init(ip) } else { self = .unknown }
    }
}
