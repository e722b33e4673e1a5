package import GatewayHTTP
import GatewayHTTP1
package import GatewayTLS
package import NIOCore

/// The client's side of an exchange, as the driver sees it.
package protocol ClientStream: AnyObject {
    /// Whether the client accepts more data. While it does not, the upstream is not read.
    var isWritable: Bool { get }
    /// The scheme of the client's connection: `http` or `https`.
    var scheme: StaticString { get }
    /// What the connection's handshake agreed on; nil if the connection is plain.
    var tls: TLSSession? { get }
    /// The protocol for the log, such as `HTTP/1.1`.
    var protocolName: StaticString { get }
    var peer: ClientAddress { get }
    /// The clients of the connection, for upstreams with `proxy_protocol`. Nil if there is no connection.
    var announcedClients: AnnouncedClients? { get }
    /// Whether the wire marks the end of each message, as HTTP/2 does. A response then needs no length, and trailers
    /// can follow any part of a body.
    var marksEnds: Bool { get }

    func writeInformational(_ head: borrowing ResponseHead)
    /// Writes the head in `exchange.response`.
    func writeHead(of exchange: Exchange)
    func writeBody(_ chunk: ByteBuffer)
    /// Writes the end of the body with the exchange's response trailers.
    func writeEnd(of exchange: Exchange)
    func flush()

    /// How much of a response the client has accepted.
    func output(of exchange: Exchange) -> ClientOutput

    /// Stops delivering the request body until it is resumed.
    func pauseRequestBody()
    func resumeRequestBody()

    /// Receives the error instead of a response. Only for requests that the gateway makes for itself.
    func failed(_ error: GatewayError)
    /// Closes the connection in a way that makes an incomplete response recognizable.
    func cut()
    /// Called when the exchange is over and is about to be reused.
    func exchangeEnded(_ exchange: Exchange)
}

/// How much of a response its client has accepted.
package struct ClientOutput: Hashable, Sendable {
    /// The number of bytes that the client has accepted, which grows while it accepts any. Framing makes it inexact.
    package var taken = 0
    /// The number of bytes that the client has yet to accept.
    package var waiting = 0
}

extension ClientStream {
    package func output(of exchange: Exchange) -> ClientOutput { ClientOutput() }
    package var tls: TLSSession? { nil }
    package var marksEnds: Bool { false }
    package var announcedClients: AnnouncedClients? { nil }
    package func failed(_ error: GatewayError) {}
}
