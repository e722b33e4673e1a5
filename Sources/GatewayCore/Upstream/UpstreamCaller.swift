package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// Sends a request to an upstream and receives the outcome: an exchange that forwards a client's request, a health
/// check or a mirrored request.
///
/// The upstream calls these methods on its event loop. Any of them may end the call, after which the caller receives
/// no more events.
package protocol UpstreamCaller: AnyObject {
    // MARK: Until the request is sent

    /// Returns the hash that chooses the endpoint of an upstream with `balance = "hash"`.
    func balanceHash(by key: HashKey) -> UInt64

    /// Called when the call begins to wait for a connection. The caller enforces the deadline. It may wait longer
    /// than `amount`, and reports a missed `.connect` deadline with `UpstreamCall.connectTimedOut()`.
    func wait(for phase: Deadlines.Phase, _ amount: TimeAmount)

    /// Called when an attempt to connect timed out. The call may continue with another endpoint.
    func countConnectTimeout()

    /// The client to announce to an upstream with `proxy_protocol`. Nil if the call has none.
    var announcedClient: AnnouncedClient? { get }

    /// Whether the call still waits for a response, so that another endpoint may be tried.
    var isWaitingForResponse: Bool { get }

    /// Writes the request head for a target.
    func writeHead(for target: UpstreamTarget, into buffer: inout ByteBuffer)

    /// Called when the head was written to `stream`, which accepts the body. The caller flushes it.
    func sent(to stream: any UpstreamStream)

    /// Called when the stream accepts more of the body.
    func upstreamWritable()

    /// Called when the request did not reach the endpoint and will be sent once more, to a stream that ``sent(to:)``
    /// reports. The body must wait for it.
    func willSendAgain()

    // MARK: The response

    /// Lends the caller's response head to `fill`, which reads the next head into it in the upstream's protocol.
    ///
    /// - Parameter fill: Returns nil if the head is incomplete.
    func fillResponse(
        _ fill: (inout ResponseHead) throws(MessageError) -> UpstreamResponse?
    ) throws(MessageError) -> UpstreamResponse?

    /// Called when the last head read is a 1xx response.
    func receiveInformational()
    /// Called when the last head read is that of the final response.
    func receiveResponseHead()
    func receive(responseBody chunk: ByteBuffer)
    func receiveResponseEnd(trailers: TrailerSection?)
    /// Called when everything that the upstream has sent so far was delivered.
    func upstreamPaused()

    /// Called when there is no response, or it was cut short.
    func upstreamFailed(_ error: GatewayError)
}

extension UpstreamCaller {
    package var announcedClient: AnnouncedClient? { nil }
}
