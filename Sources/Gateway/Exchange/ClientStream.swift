import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// The client's side of an exchange, as the driver sees it: a connection of HTTP/1, later a stream of HTTP/2.
protocol ClientStream: AnyObject {
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

/// What stands behind a route: a cluster of targets, or a handler in this process.
protocol Upstream: AnyObject {
    /// As the configuration and the log call it.
    var name: String { get }
    /// Answers the exchange, now or later, through an ``UpstreamStream``.
    func take(_ exchange: Exchange)
    /// Its configuration is no longer in use: what is idle goes.
    func stop()
}

/// The upstream's side of an exchange: a pooled connection, or a handler in this process.
protocol UpstreamStream: AnyObject {
    /// False while the upstream does not take what was written: the request's body is not read until it does.
    var isWritable: Bool { get }

    /// True while the request may have to be sent once more, should the connection end now. False from the answer's head on.
    var mayBeSentAgain: Bool { get }

    func writeBody(_ chunk: ByteBuffer)
    func writeEnd(trailers: TrailerSection?)
    func flush()

    func pauseReading()
    func resumeReading()

    /// The exchange needs nothing more from this stream. A connection with an answer outstanding is closed.
    func cancel()
}
