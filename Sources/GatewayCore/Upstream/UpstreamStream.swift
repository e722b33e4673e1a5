package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// The upstream's end of a request: a pooled connection, or a handler in this process.
package protocol UpstreamStream: AnyObject {
    /// Whether the upstream accepts more bytes. The request's body is not read while it does not.
    var isWritable: Bool { get }

    /// Whether the request may have to be sent again if the connection closes now. False once the response has begun.
    var mayBeSentAgain: Bool { get }

    func writeBody(_ chunk: ByteBuffer)
    func writeEnd(trailers: TrailerSection?)
    /// Ends what is sent after an upgrade. The other direction stays open.
    func closeOutput()
    func flush()

    func pauseReading()
    func resumeReading()

    /// Drops the response, whose head was received, and ends the caller's use of this stream. A connection is reused only
    /// if the whole response has been received already.
    func discard()

    /// Ends the caller's use of this stream. A connection with an outstanding response is closed.
    func cancel()
}

extension UpstreamStream {
    package func closeOutput() {}
    package func discard() { self.cancel() }
}
