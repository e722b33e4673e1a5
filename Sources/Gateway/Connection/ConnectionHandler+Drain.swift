import GatewayHTTP1
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a connection ends when the gateway does: a client that was not told to expect the end is answered once more.
extension ConnectionHandler {
    /// How long an idle connection stays open for a request that may be on its way. A new connection has this long to send
    /// its first one.
    private static let drainGrace = TimeAmount.seconds(1)

    /// How long an idle connection waits for its next request.
    var timeBetweenRequests: TimeAmount { self.machine.isDraining ? Self.drainGrace : self.listener.limits.keepAlive }

    /// Answers what has been asked, and one more request if the client does not know yet that the connection ends.
    func drain() {
        switch self.machine.drain() {
        case .afterNextRequest: self.waitForRead(min(self.readDeadline, self.worker.tick() + Self.drainGrace))
        case .afterResponse: break
        }
    }

    /// Closes the connection, with an answer where a request has begun and none has been given.
    ///
    /// - Returns: Whether a request was cut off.
    func drainTimeIsUp() -> Bool {
        var isCut = self.owesBytes
        if case .receivingHead = self.machine.state {
            isCut = true
            self.worker.tick()
            self.refuse(GatewayError(.draining, retryAfter: 1), with: self.worker.makeExchange())
        }
        self.exchange?.drainTimeIsUp()
        self.context?.close(promise: nil)
        return isCut
    }

    /// Part of a response has not reached the system yet.
    var owesBytes: Bool { self.exchange != nil || self.bufferedBytes > 0 }

    /// The system holds bytes of the client that have not been read: a connection that looks idle is not.
    var hasUnreadInput: Bool {
        let operations = self.context?.pipeline.syncOperations
        let handle = try? operations?.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        guard let handle else { return false }
        var byte: UInt8 = 0
        return recv(handle, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) > 0
    }
}
