import GatewayHTTP
import GatewayHTTP1

/// The state of a client's HTTP/1 connection: keep-alive, pipelining, half-close and drain (RFC 9112 section 9).
///
/// It has no channel and no clock. `ConnectionHandler` reports each event and performs the returned action.
struct ConnectionStateMachine: Hashable, Sendable {
    private(set) var state = State.idle
    private var requestsLeft: Int
    private var keepsAlive = true
    /// Whether the current response announced that the connection closes after it.
    private var isLast = false
    private(set) var isDraining = false
    /// Whether the client may still send bytes that will not be read.
    private var mayStillSend = false

    // MARK: Input

    /// Whether the client has closed its sending side.
    private(set) var isInputClosed = false
    /// Whether a client that closed its input was checked for whether it still waits for the response.
    private var hasCheckedClient = false
    private var isBodyPaused = true
    private(set) var isReading = true
    /// True from a read until the channel reports the end of its reads, which flushes bytes to the upstream.
    private var isInReadPass = false
    private var isProcessing = false

    // MARK: Output

    private var needsFlush = false
    /// The writability that the channel last reported.
    private(set) var isWritable = true
    /// Whether the body of the current response is chunked.
    private(set) var isChunked = false

    // MARK: Lifetime

    /// False if there are too many connections. The client then only gets an error response.
    let isAdmitted: Bool
    private(set) var isReleased = false

    enum State: Hashable, Sendable {
        /// Between requests. → receivingHead, exchanging, closing, closed
        case idle
        /// A part of a head has arrived. → exchanging, closing, closed
        case receivingHead
        /// → idle, discarding, closing, tunnel, closed
        case exchanging(request: Side, response: Side)
        /// The response is complete. The rest of the request's body is read and dropped. → idle, closing, closed
        case discarding
        /// A 101 response was written. The received bytes belong to the upgraded protocol until the exchange ends.
        /// → closing, closed
        case tunnel(input: Side)
        /// No further request is read. → closed
        case closing
        case closed
    }

    enum Side: Hashable, Sendable {
        case open
        case ended
    }

    init(requestsPerConnection: Int, isAdmitted: Bool = true) {
        self.requestsLeft = max(1, requestsPerConnection)
        self.isAdmitted = isAdmitted
    }

    /// Applies a new maximum number of requests. A connection that is already over it serves one more.
    mutating func change(requestsPerConnection new: Int, from old: Int) {
        self.requestsLeft = max(1, self.requestsLeft + (new - old))
    }

    /// Whether no request was received yet.
    func isFirstRequest(of requestsPerConnection: Int) -> Bool { self.requestsLeft == max(1, requestsPerConnection) }

    /// Whether the connection closes after the current response.
    var closesAfterResponse: Bool { !self.keepsAlive || self.isLast }

    var isTunnel: Bool { if case .tunnel = self.state { true } else { false } }

    var isBetweenRequests: Bool { self.state == .idle }

    /// Whether the listener currently counts the connection.
    var isCounted: Bool { self.isAdmitted && !self.isReleased }

    mutating func closed() { self.state = .closed }

    /// Records that the connection released its resources. Returns false if it already had.
    mutating func release() -> Bool {
        guard !self.isReleased else { return false }
        self.isReleased = true
        return true
    }
}

// MARK: - Passes over the received bytes

extension ConnectionStateMachine {
    /// What to do with the received bytes.
    enum Step: Hashable {
        case readHead
        case readBody
        case discardBody
        /// Pass all bytes on as they are.
        case readTunnel
        case dropInput
        /// Wait for the next event.
        case wait
    }

    /// Records that bytes arrived. The channel reports when it has no more for now.
    mutating func readPassBegan() { self.isInReadPass = true }

    mutating func readPassEnded() { self.isInReadPass = false }

    /// Starts a pass. Returns false if one is already running, which will process the new bytes too.
    mutating func passBegan() -> Bool {
        guard !self.isProcessing else { return false }
        self.isProcessing = true
        return true
    }

    func nextStep(buffered: Int) -> Step {
        switch self.state {
        // A client that pipelines requests without reading responses gets no further ones to buffer.
        case .idle, .receivingHead: buffered > 0 && self.isWritable ? .readHead : .wait
        case .exchanging(.open, _): self.isBodyPaused ? .wait : .readBody
        case .discarding: .discardBody
        case .closing, .closed: buffered > 0 ? .dropInput : .wait
        case .tunnel(.open): buffered > 0 && !self.isBodyPaused ? .readTunnel : .wait
        case .exchanging(.ended, _), .tunnel(.ended): .wait
        }
    }

    /// Ends a pass. Returns whether output was collected during the pass and has to be flushed.
    mutating func passEnded() -> Bool {
        self.isProcessing = false
        return self.needsFlush
    }

    /// Whether the request's body has to be flushed upstream now. A read pass flushes it at the end.
    var flushesUpstream: Bool {
        guard !self.isInReadPass else { return false }
        return switch self.state {
        case .exchanging(.open, _), .tunnel: true
        default: false
        }
    }

    /// Decides whether to read from the socket. Returns true if reading has to be started again.
    ///
    /// - Parameter limit: The maximum number of bytes to read ahead of an exchange that does not accept them yet.
    mutating func resumesReading(buffered: Int, limit: Int) -> Bool {
        let mayRead =
            switch self.state {
            case .idle, .receivingHead: self.isWritable || buffered < limit
            case .exchanging, .tunnel: buffered < limit
            case .discarding, .closing, .closed: true
            }
        let resumes = mayRead && !self.isReading
        self.isReading = mayRead
        return resumes
    }

    enum OnFlush: Hashable {
        case now
        /// At the end of the pass, together with everything else collected until then.
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
    /// Records received bytes. Returns true if they start a head, whose deadline starts now.
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

    /// Records that the received bytes are not a request. They get an error response, and nothing more is read.
    mutating func receivedMalformed() {
        self.closeAfterResponse()
        switch self.state {
        case .idle, .receivingHead: self.state = .exchanging(request: .ended, response: .open)
        case .exchanging(_, let response): self.state = .exchanging(request: .ended, response: response)
        case .discarding: self.state = .closing
        case .closing, .closed, .tunnel: break
        }
    }

    /// Records that there are too many connections. The client gets an error response, and nothing is read.
    mutating func refused() {
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
        /// Report the end of a tunnel's input to the exchange.
        case endTunnel
        /// Check soon whether the client still waits for the response.
        case checkClient
        /// Do nothing for now.
        case wait
    }

    /// Handles the end of the client's input, after a pass over the received bytes.
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
        case .tunnel(.open):
            self.state = .tunnel(input: .ended)
            return .endTunnel
        case .exchanging(.ended, _), .closing, .closed, .tunnel(.ended): return outcome
        }
    }

    /// Whether all received bytes that can be processed were processed.
    private func hasTakenInput(buffered: Int) -> Bool {
        switch self.state {
        case .idle, .receivingHead: self.isWritable || buffered == 0
        case .exchanging(.open, _): !self.isBodyPaused
        // The remaining bytes are another request.
        case .exchanging(.ended, _), .tunnel: buffered == 0
        case .discarding, .closing, .closed: true
        }
    }
}

// MARK: - The response

extension ConnectionStateMachine {
    /// Decides how to frame a response body (RFC 9112 section 6). Without a length it is chunked, or ends with the
    /// connection if the client does not support chunks.
    mutating func responseFramed(isUnbounded: Bool, isHTTP10: Bool) {
        self.isChunked = isUnbounded && !isHTTP10
        if isUnbounded, isHTTP10 { self.keepsAlive = false }
    }

    /// Ends the response body. Returns true if a last chunk has to be written.
    mutating func responseBodyEnded() -> Bool {
        defer { self.isChunked = false }
        return self.isChunked
    }

    /// Records that the head of the final response is about to be written. What the head says about the connection is
    /// binding: a client that was not told that the connection closes may send its next request, and gets a response.
    ///
    /// - Parameter isStopping: Whether the gateway is shutting down.
    /// - Returns: Whether the head has to contain `Connection: close`.
    mutating func responseBegan(isStopping: Bool) -> Bool {
        if isStopping || self.isDraining || self.requestsLeft == 0 { self.isLast = true }
        return self.closesAfterResponse
    }

    /// Closes the connection after the response because the start of the next request is unknown, for example because
    /// this request was rejected before its body arrived.
    mutating func closeAfterResponse() {
        self.keepsAlive = false
        self.mayStillSend = true
    }

    enum OnEnd: Hashable {
        /// Wait for the other side.
        case wait
        case nextRequest
        /// Read and drop the rest of the body.
        case discard
        /// Flush and close.
        case close
        /// Flush and close the sending side. Keep reading briefly, so that the client sees the response instead of a
        /// reset (RFC 9112 section 9.6).
        case linger
    }

    /// Records that the request is complete.
    ///
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

    /// Records that the response is complete.
    ///
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
        case .tunnel:
            self.state = .closing
            return self.isInputClosed ? .close : .linger
        case .idle, .receivingHead, .discarding, .closing, .closed: return .wait
        }
    }

    private mutating func bothEnded(buffered: Int) -> OnEnd {
        guard self.closesAfterResponse else {
            self.state = .idle
            return .nextRequest
        }
        self.state = .closing
        // A client that did not ask to close the connection may have sent its next request already.
        if self.mayStillSend || self.keepsAlive { return .linger }
        // Closing with unread input resets the connection, and the client loses the response.
        return buffered > 0 && !self.isInputClosed ? .linger : .close
    }

    enum OnSwitchProtocols: Hashable {
        /// The bytes after the request, including those already received, belong to the upgraded protocol.
        case tunnel
        /// The request is incomplete or missing, so it must not get a 101 response (RFC 9110 section 7.8).
        case refuse
    }

    /// Records that the head of a 101 response is about to be written.
    mutating func switchedProtocols() -> OnSwitchProtocols {
        guard self.state == .exchanging(request: .ended, response: .open) else { return .refuse }
        self.keepsAlive = false
        self.isBodyPaused = true
        self.state = .tunnel(input: .open)
        return .tunnel
    }
}

// MARK: - Deadlines

extension ConnectionStateMachine {
    enum OnReadDeadline: Hashable {
        /// The rest of the head may be held up by responses that the client has yet to read: wait for another
        /// `header_timeout`.
        case waitForHead
        /// Respond that the head did not arrive in time.
        case refuseHead
        /// Respond that the body did not arrive in time. Read nothing more.
        case refuseBody
        /// Check whether the client still waits for the response.
        case checkClient
        /// Stop reading the rest of a body that does not arrive.
        case linger
        /// The system holds unread bytes: wait briefly.
        case waitForInput
        /// Wait for the client to accept the written bytes.
        case waitForWrite
        case close
    }

    /// Decides what to do when the read deadline has passed.
    ///
    /// - Parameters:
    ///   - unwritten: The number of bytes that the system has not accepted yet.
    ///   - hasUnreadInput: Whether the system holds unread bytes from an idle client.
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

    enum OnDrain: Hashable {
        /// No request is in progress, but one may be arriving (RFC 9112 section 9.6): wait for it briefly.
        case afterNextRequest
        case afterResponse
    }

    mutating func drain() -> OnDrain {
        self.isDraining = true
        return self.state == .idle ? .afterNextRequest : .afterResponse
    }

    enum OnDrainCancelled: Hashable {
        /// Wait for the next request as long as without a drain.
        case waitForRequest
        case wait
    }

    /// Takes the drain back. A connection whose response has announced the close still closes.
    mutating func drainCancelled() -> OnDrainCancelled {
        self.isDraining = false
        return self.state == .idle ? .waitForRequest : .wait
    }
}
