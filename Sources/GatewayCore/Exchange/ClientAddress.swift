package import GatewayHTTP
package import NIOCore

/// The sender of a request: the peer of the connection, or the client that a trusted proxy names.
public struct ClientAddress: Sendable, CustomStringConvertible {
    /// nil for a peer on a Unix socket, and where a trusted proxy does not name its client.
    package let ip: IPAddress?
    /// As it goes into logs and `X-Forwarded-For`: without a port, IPv4-mapped addresses as IPv4.
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

    /// A client that a proxy at this address does not name. Logs show the proxy, but no rule takes the client for it.
    var withoutIP: ClientAddress { ClientAddress(withoutIP: self.text) }

    package init(_ address: SocketAddress?) {
        if let text = address?.ipAddress, let ip = IPAddress(text) { self.init(ip) } else { self = .unknown }
    }
}
