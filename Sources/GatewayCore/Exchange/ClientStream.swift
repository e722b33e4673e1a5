package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// The client's side of an exchange, as the driver sees it: a connection of HTTP/1, later a stream of HTTP/2.
package protocol ClientStream: AnyObject {
    /// False while the client does not take what was written: the upstream is not read until it does.
    var isWritable: Bool { get }
    /// `http` or `https`, as the client came.
    var scheme: StaticString { get }
    /// `HTTP/1.1`, for the log.
    var protocolName: StaticString { get }
    var peer: ClientAddress { get }

    func writeInformational(_ head: borrowing ResponseHead)
    /// Writes `exchange.response`.
    func writeHead(of exchange: Exchange)
    func writeBody(_ chunk: ByteBuffer)
    /// Writes the end of the body with the exchange's response trailers.
    func writeEnd(of exchange: Exchange)
    func flush()

    /// Nothing more of the request's body is wanted until it is resumed.
    func pauseRequestBody()
    func resumeRequestBody()

    /// Breaks off visibly: what was sent must not look whole.
    func cut()
    /// The exchange is over and its object is about to be used again.
    func exchangeEnded(_ exchange: Exchange)
}
