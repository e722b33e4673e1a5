package import GatewayHTTP
package import GatewayHTTP1
package import NIOCore

/// Asks an upstream and receives what becomes of the request: an exchange that forwards a client's request, a health
/// check, a mirrored request.
///
/// The upstream calls it on its event loop. Any method may end the call, and with it the caller's interest in it.
package protocol UpstreamCaller: AnyObject {
    // MARK: Until the request is sent

    /// Returns the hash that chooses the endpoint of an upstream with `balance = "hash"`.
    func balanceHash(by key: HashKey) -> UInt64

    /// The call waits for a connection. The caller enforces the deadline, for which a longer wait may be substituted, and
    /// reports a missed one for `.connect` with ``UpstreamCall/connectTimedOut()``.
    func wait(for phase: Deadlines.Phase, _ amount: TimeAmount)

    /// An attempt to connect took too long. The call may continue with another endpoint.
    func countConnectTimeout()

    /// Whether the call still waits for a response, so that another endpoint may be asked for it.
    var isWaitingForResponse: Bool { get }

    /// Writes the request head.
    ///
    /// - Parameter authority: The `Host` of the target.
    func writeHead(authority: [UInt8], into buffer: inout ByteBuffer)

    /// The head was written to `stream`, which accepts the body. The caller flushes it.
    func sent(to stream: any UpstreamStream)

    /// The stream accepts more of the body.
    func upstreamWritable()

    /// The request did not reach the endpoint and will be sent once more, to a stream that ``sent(to:)`` reports. The body
    /// must wait for it.
    func willSendAgain()

    // MARK: The response

    /// Reads a response head from the front of `bytes`, once it is complete.
    func readHead(
        from bytes: inout ByteBuffer,
        with parser: inout ResponseParser
    ) throws(MessageError) -> UpstreamResponse?

    /// The last head read is a 1xx response.
    func receiveInformational()
    /// The last head read is that of the final response.
    func receiveResponseHead()
    func receive(responseBody chunk: ByteBuffer)
    func receiveResponseEnd(trailers: TrailerSection?)
    /// The upstream has sent everything that it has so far.
    func upstreamPaused()

    /// There is no response, or it broke off.
    func upstreamFailed(_ error: GatewayError)
}
