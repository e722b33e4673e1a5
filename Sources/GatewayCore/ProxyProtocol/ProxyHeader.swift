package import GatewayHTTP
import NIOCore

/// What a header of the PROXY protocol says about the connection that it begins (proxy-protocol.txt section 2).
package enum ProxyHeader: Hashable, Sendable {
    /// The sender opened the connection for its own purposes, such as a health check.
    case local
    /// The sender forwards a connection and does not say whose.
    case unknown
    /// The sender forwards a connection from `source`, which arrived at `destination`.
    case forwarded(source: ProxyEndpoint, destination: ProxyEndpoint)

    /// The client's end of the connection. Nil if the header does not name it.
    package var source: ProxyEndpoint? { if case .forwarded(let source, _) = self { source } else { nil } }
}

/// One end of a connection in a header of the PROXY protocol.
package struct ProxyEndpoint: Hashable, Sendable {
    package var ip: IPAddress
    package var port: UInt16

    package init(_ ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }
}

/// A header that breaks the rules of the protocol. The connection must be closed.
package struct MalformedProxyHeader: Error, Hashable {
    package let reason: Reason

    /// Why the header was refused.
    package enum Reason: String, Sendable {
        case noHeader = "the connection does not begin with a PROXY header"
        case longLine = "the line is longer than 107 bytes"
        case line = "the line is malformed"
        case version = "the version is not 2"
        case command = "the command is unknown"
        case family = "the address family or transport is unknown"
        case length = "the header is too short for its addresses"
    }

    init(_ reason: Reason) { self.reason = reason }
}

/// The bytes that both versions begin with.
enum ProxySignature {
    static let v1 = Array("PROXY ".utf8)
    static let v2: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
}

/// The second half of byte 13 of version 2 (section 2.2).
enum ProxyCommand: UInt8 {
    case local = 0
    case proxy = 1
}

/// Byte 14 of version 2 (section 2.2). Other combinations of family and transport are invalid.
enum ProxyFamily: UInt8 {
    case unspecified = 0x00
    case tcp4 = 0x11
    case udp4 = 0x12
    case tcp6 = 0x21
    case udp6 = 0x22
    case unixStream = 0x31
    case unixDatagram = 0x32

    /// The size of both addresses and ports.
    var addressBytes: Int {
        switch self {
        case .unspecified: 0
        case .tcp4, .udp4: 12
        case .tcp6, .udp6: 36
        case .unixStream, .unixDatagram: 216
        }
    }
}
