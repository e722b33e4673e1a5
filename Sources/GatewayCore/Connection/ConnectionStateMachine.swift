import GatewayHTTP
import GatewayHTTP1

/// The state of a client's HTTP/1 connection: keep-alive, pipelining, half-close, drain (RFC 9112 section 9).
///
/// It knows no channel and no clock. ``ConnectionHandler`` reports each event and performs the action that comes back.
package struct ConnectionStateMachine: Hashable, Sendable {
    package private(set) var state = State.idle
    private var requestsLeft: Int
    private var keepsAlive = true
    /// The response under way announced that the connection ends with it.
    private var isLast = false
    package private(set) var isDraining = false
    /// The client may still send bytes that will not be read.
    private var mayStillSend = false

    // MARK: Input

    /// The client will not send anything more.
    private(set) var isInputClosed = false
    /// A client that closed its input has been checked for whether it still waits for the response.
    private var hasCheckedClient = false
    private var isBodyPaused = true
    package private(set) var isReading = true
    /// Between a read and the end of the channel's reads, which flushes what goes upstream.
    private var isInReadPass = false
    private var isProcessing = false

    // MARK: Output

    private var needsFlush = false
    /// As last reported by the channel, so that the channel need not be asked.
    package private(set) var isWritable = true
    /// The body of the response under way is chunked.
    private(set) var isChunked = false

    // MARK: Lifetime

    /// False if there are too many connections: the client only gets a response that says so.
    let isAdmitted: Bool
    private(set) var isReleased = false

    package enum State: Hashable, Sendable {
        /// Between requests. → receivingHead, exchanging, closing, closed
        case idle
        /// Part of a head has arrived. → exchanging, closing, closed
        case receivingHead
        /// → idle, discarding, closing, tunnel, closed
        case exchanging(request: Side, response: Side)
        /// The response is complete; the rest of the request's body is read and dropped. → idle, closing, closed
        case discarding
        /// A 101 response was written, and the channel belongs to the tunnel that it opened. → closed
        case tunnel
        /// Nothing more is read as a request. → closed
        case closing
        case closed
    }

    package enum Side: Hashable, Sendable {
        case open
        case ended
    }

    package init(requestsPerConnection: Int, isAdmitted: Bool = true) {
        self.requestsLeft = max(1, requestsPerConnection)
        self.isAdmitted = isAdmitted
    }

    /// Whether the connection ends with the current response.
    var closesAfterResponse: Bool { !self.keepsAlive || self.isLast }

    var isBetweenRequests: Bool { self.state == .idle }

    /// Whether the listener counts the connection at this moment.
    var isCounted: Bool { self.isAdmitted && !self.isReleased }

    package mutating func closed() { self.state = .closed }

    /// The connection has let go of everything it held. Returns false if it had done so before.
    package mutating func release() -> Bool {
        guard !self.isReleased else { return false }
        self.isReleased = true
        return true
    }
}

// MARK: - Passes over the received bytes

extension ConnectionStateMachine {
    /// What to do with the bytes at hand.
    package enum Step: Hashable {
        case readHead
        case readBody
        case discardBody
        case dropInput
        /// Nothing, until the next event.
        case wait
    }

    /// Bytes have arrived; the channel reports when it has no more for now.
    mutating func readPassBegan() { self.isInReadPass = true }

    mutating func readPassEnded() { self.isInReadPass = false }

    /// Returns false if a pass is running already, which will see what is new.
    mutating func passBegan() -> Bool {
        guard !self.isProcessing else { return false }
        self.isProcessing = true
        return true
    }

    func nextStep(buffered: Int) -> Step {
        switch self.state {
        // A client that pipelines requests without reading gets no further response to collect.
        case .idle, .receivingHead: buffered > 0 && self.isWritable ? .readHead : .wait
        case .exchanging(.open, _): self.isBodyPaused ? .wait : .readBody
        case .discarding: .discardBody
        case .closing, .closed: buffered > 0 ? .dropInput : .wait
        case .exchanging(.ended, _), .tunnel: .wait
        }
    }

    /// Returns whether output was collected during the pass and has to be flushed.
    mutating func passEnded() -> Bool {
        self.isProcessing = false
        return self.needsFlush
    }

    /// Whether the request's body has to be flushed upstream now. Within a read pass it is flushed at the end.
    var flushesUpstream: Bool {
        guard !self.isInReadPass, case .exchanging(.open, _) = self.state else { return false }
        return true
    }

    /// Decides whether the socket is read. Returns true if reading has to be started again.
    ///
    /// - Parameter limit: How many bytes are read ahead of an exchange that does not accept them yet.
    mutating func resumesReading(buffered: Int, limit: Int) -> Bool {
        let mayRead =
            switch self.state {
            case .idle, .receivingHead: self.isWritable || buffered < limit
            case .exchanging: buffered < limit
            case .discarding, .closing, .closed: true
            case .tunnel: false
            }
        let resumes = mayRead && !self.isReading
        self.isReading = mayRead
        return resumes
    }

    enum OnFlush: Hashable {
        case now
        /// At the end of the pass, together with what else is collected until then.
        case afterPass
    }

    mutating func flushRequested() -> OnFlush {
        guard self.isProcessing else { return .now }
        self.needsFlush = true
        return .afterPass
    }

    mutating func flushed() { self.needsFlush = false }

    mutating func writabilityChanged(_ isWritable: Bool) { self.isWritable = isWritable }
}

// MARK: - The request

extension ConnectionStateMachine {
    /// Returns true if this is the beginning of a head, whose deadline starts now.
    mutating func receivedBytes() -> Bool {
        guard self.state == .idle else { return false }
        self.state = .receivingHead
        return true
    }

    mutating func receivedHead(_ framing: BodyFraming, keepAlive: Bool) {
        guard self.state == .receivingHead else { return }
        self.requestsLeft -= 1
        self.keepsAlive = keepAlive
        self.hasCheckedClient = false
        self.isBodyPaused = true
        self.state = .exchanging(request: framing.isEmpty ? .ended : .open, response: .open)
    }

    /// The received bytes are not a request. They are answered with an error, and nothing is read after that.
    mutating func receivedMalformed() {
        self.closeAfterResponse()
        switch self.state {
        case .idle, .receivingHead: self.state = .exchanging(request: .ended, response: .open)
        case .exchanging(_, let response): self.state = .exchanging(request: .ended, response: response)
        case .discarding: self.state = .closing
        case .closing, .closed, .tunnel: break
        }
    }

    /// There are too many connections. The client gets a response that says so, and nothing is read.
    package mutating func refused() {
        self.keepsAlive = false
        self.state = .exchanging(request: .ended, response: .open)
    }

    enum OnBodyFlow: Hashable {
        case changed
        case unchanged
    }

    mutating func bodyPaused() -> OnBodyFlow {
        guard !self.isBodyPaused else { return .unchanged }
        self.isBodyPaused = true
        return .changed
    }

    mutating func bodyResumed() -> OnBodyFlow {
        guard self.isBodyPaused else { return .unchanged }
        self.isBodyPaused = false
        return .changed
    }

    /// Whether the body is being read, so that its deadline runs.
    var isBodyRead: Bool { !self.isBodyPaused }

    mutating func inputClosed() { self.isInputClosed = true }

    enum OnInputEnd: Hashable {
        /// Flush and close.
        case close
        /// The request is incomplete: close at once.
        case cut
        /// Check soon whether the client still waits for the response.
        case checkClient
        /// Nothing, for now.
        case wait
    }

    /// A pass over the received bytes has ended, and the client sends nothing more.
    mutating func inputEnded(buffered: Int) -> OnInputEnd {
        var outcome = OnInputEnd.wait
        if case .exchanging(.ended, _) = self.state, !self.hasCheckedClient {
            self.hasCheckedClient = true
            outcome = .checkClient
        }
        guard self.hasTakenInput(buffered: buffered) else { return outcome }
        self.keepsAlive = false
        self.mayStillSend = false
        switch self.state {
        case .idle, .receivingHead, .discarding:
            self.state = .closing
            return .close
        case .exchanging(.open, _): return .cut
        case .exchanging(.ended, _), .closing, .closed, .tunnel: return outcome
        }
    }

    /// Whether none of the received bytes waits for anything.
    private func hasTakenInput(buffered: Int) -> Bool {
        switch self.state {
        case .idle, .receivingHead: self.isWritable || buffered == 0
        case .exchanging(.open, _): !self.isBodyPaused
        // The rest is another request.
        case .exchanging(.ended, _): buffered == 0
        case .discarding, .closing, .closed, .tunnel: true
        }
    }
}

// MARK: - The response

extension ConnectionStateMachine {
    /// Decides how a response body is framed (RFC 9112 section 6). Without a length it is chunked, or ends with the
    /// connection if the client does not know chunks.
    mutating func responseFramed(isUnbounded: Bool, isHTTP10: Bool) {
        self.isChunked = isUnbounded && !isHTTP10
        if isUnbounded, isHTTP10 { self.keepsAlive = false }
    }

    /// Returns true if the body has to be ended with a last chunk.
    mutating func responseBodyEnded() -> Bool {
        defer { self.isChunked = false }
        return self.isChunked
    }

    /// The head of the final response is about to be written. What it says about the connection is binding: a client that
    /// was not told to expect the end sends its next request, and gets a response.
    ///
    /// - Parameter isStopping: The gateway is about to end.
    /// - Returns: Whether the head has to say `Connection: close`.
    mutating func responseBegan(isStopping: Bool) -> Bool {
        if isStopping || self.isDraining || self.requestsLeft == 0 { self.isLast = true }
        return self.closesAfterResponse
    }

    /// Where the next request begins is unknown, for example because this one was rejected before its body arrived.
    mutating func closeAfterResponse() {
        self.keepsAlive = false
        self.mayStillSend = true
    }

    enum OnEnd: Hashable {
        /// Wait for the other side.
        case wait
        case nextRequest
        /// Read the rest of the body and drop it.
        case discard
        /// Flush and close.
        case close
        /// Flush and close the sending side. Keep reading for a moment, so that the client sees the response and not a reset
        /// (RFC 9112 section 9.6).
        case linger
    }

    /// - Parameter buffered: The number of received bytes that have not been read as a request.
    mutating func requestEnded(buffered: Int) -> OnEnd {
        switch self.state {
        case .exchanging(_, .open):
            self.state = .exchanging(request: .ended, response: .open)
            return .wait
        case .discarding, .exchanging(_, .ended): return self.bothEnded(buffered: buffered)
        case .idle, .receivingHead, .closing, .closed, .tunnel: return .wait
        }
    }

    /// - Parameter buffered: The number of received bytes that have not been read as a request.
    mutating func responseEnded(buffered: Int) -> OnEnd {
        switch self.state {
        case .exchanging(.ended, _): return self.bothEnded(buffered: buffered)
        case .exchanging(.open, _):
            if self.closesAfterResponse {
                self.state = .closing
                return .linger
            }
            self.state = .discarding
            return .discard
        case .idle, .receivingHead, .discarding, .closing, .closed, .tunnel: return .wait
        }
    }

    private mutating func bothEnded(buffered: Int) -> OnEnd {
        guard self.closesAfterResponse else {
            self.state = .idle
            return .nextRequest
        }
        self.state = .closing
        // A client that did not ask for the end may have sent its next request already.
        if self.mayStillSend || self.keepsAlive { return .linger }
        // Closing with unread input resets the connection, and the client loses the response.
        return buffered > 0 && !self.isInputClosed ? .linger : .close
    }

    enum OnSwitchProtocols: Hashable {
        /// The tunnel owns the channel from now on. Flush the head, give up the deadlines, and pass on the channel with the
        /// bytes that were received after the request.
        case handOver
        /// The request is incomplete, or there is none: it must not be answered with 101 (RFC 9110 section 7.8).
        case refuse
    }

    /// The head of a 101 response is about to be written.
    mutating func switchedProtocols() -> OnSwitchProtocols {
        guard self.state == .exchanging(request: .ended, response: .open) else { return .refuse }
        self.keepsAlive = false
        self.isReading = false
        self.state = .tunnel
        return .handOver
    }
}

// MARK: - Deadlines

extension ConnectionStateMachine {
    enum OnReadDeadline: Hashable {
        /// The rest of the head may be held up by responses that the client has yet to read: wait for another
        /// `header_timeout`.
        case waitForHead
        /// Answer that the head did not arrive in time.
        case refuseHead
        /// Answer that the body did not arrive in time. Nothing more is read.
        case refuseBody
        /// Find out whether the client still waits for the response.
        case checkClient
        /// Stop reading the rest of a body that does not arrive.
        case linger
        /// The system holds bytes that have not been read yet: wait a moment.
        case waitForInput
        /// The client has yet to accept what was written: wait for that.
        case waitForWrite
        case close
    }

    /// - Parameters:
    ///   - unwritten: The number of bytes that the system has not accepted yet.
    ///   - hasUnreadInput: Whether the system holds unread bytes of an idle client.
    mutating func readDeadlineReached(unwritten: Int, hasUnreadInput: Bool) -> OnReadDeadline {
        switch self.state {
        case .receivingHead: return self.isWritable ? .refuseHead : .waitForHead
        case .exchanging(.open, _):
            self.receivedMalformed()
            return .refuseBody
        case .exchanging(.ended, _) where self.isInputClosed: return .checkClient
        case .discarding where unwritten == 0:
            self.state = .closing
            return .linger
        case .idle where hasUnreadInput: return .waitForInput
        case .idle, .discarding, .closing, .closed, .tunnel, .exchanging(.ended, _):
            return unwritten > 0 ? .waitForWrite : .close
        }
    }

    package enum OnDrain: Hashable {
        /// No request is under way, but one may be arriving (RFC 9112 section 9.6): wait for it for a moment.
        case afterNextRequest
        case afterResponse
    }

    package mutating func drain() -> OnDrain {
        self.isDraining = true
        return self.state == .idle ? .afterNextRequest : .afterResponse
    }
}
