import GatewayHTTP
package import GatewayHTTP1
package import NIOCore

/// The upstream's side of a request: a pooled connection, or a handler in this process.
package protocol UpstreamStream: AnyObject {
    /// False while the upstream does not accept what was written. The request's body is not read until it does.
    var isWritable: Bool { get }

    /// True while the request may have to be sent again, should the connection close now. False once the response began.
    var mayBeSentAgain: Bool { get }

    func writeBody(_ chunk: ByteBuffer)
    func writeEnd(trailers: TrailerSection?)
    func flush()

    func pauseReading()
    func resumeReading()

    /// The caller needs nothing more from this stream. A connection with an outstanding response is closed.
    func cancel()
}
