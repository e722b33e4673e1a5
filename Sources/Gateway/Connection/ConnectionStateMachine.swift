import GatewayHTTP
import GatewayHTTP1

/// Where a client's HTTP/1 connection stands: keep-alive, pipelining, drain (RFC 9112 section 9). It knows no channel;
/// the handler tells it what happened and does what it says.
struct ConnectionStateMachine: Hashable, Sendable {
    private(set) var state = State.idle
    private var requestsLeft: Int
    private var keepsAlive = true
    /// The answer under way says that it is the last one.
    private var isLast = false
    private(set) var isDraining = false
    /// The client may still be sending what will not be read.
    private var mayStillSend = false

    enum State: Hashable, Sendable {
        /// Between requests. → receivingHead, closed
        case idle
        /// Part of a head has come. → exchanging, closing
        case receivingHead
        /// → idle, discarding, closing
        case exchanging(request: Side, response: Side)
        /// The answer is out, the rest of the request's body is read and dropped. → idle, closing
        case discarding
        /// Nothing more is read as a request. → closed
        case closing
        case closed
    }

    enum Side: Hashable, Sendable {
        case open
        case ended
    }

    init(requestsPerConnection: Int) { self.requestsLeft = max(1, requestsPerConnection) }

    /// Whether the connection ends with the present answer.
    var closesAfterResponse: Bool { !self.keepsAlive || self.isLast }

    /// The head of the final response is written now. What it says about the connection holds: a client that was not told
    /// to expect the end sends its next request, and gets an answer to it.
    ///
    /// - Parameter isStopping: The gateway is about to end.
    /// - Returns: Whether the head has to say `Connection: close`.
    mutating func responseBegan(isStopping: Bool) -> Bool {
        if isStopping || self.isDraining || self.requestsLeft == 0 { self.isLast = true }
        return self.closesAfterResponse
    }

    var isBetweenRequests: Bool { self.state == .idle }

    /// Returns true where a head has begun just now, and its deadline begins.
    mutating func receivedBytes() -> Bool {
        guard self.state == .idle else { return false }
        self.state = .receivingHead
        return true
    }

    mutating func receivedHead(_ framing: BodyFraming, keepAlive: Bool) {
        guard self.state == .receivingHead else { return }
        self.requestsLeft -= 1
        self.keepsAlive = keepAlive
        self.state = .exchanging(request: framing.isEmpty ? .ended : .open, response: .open)
    }

    /// What came is no request: it is answered, and then nothing is read any more.
    mutating func receivedMalformed() {
        self.closeAfterResponse()
        switch self.state {
        case .idle, .receivingHead: self.state = .exchanging(request: .ended, response: .open)
        case .exchanging(_, let response): self.state = .exchanging(request: .ended, response: response)
        case .discarding: self.state = .closing
        case .closing, .closed: break
        }
    }

    /// The next request cannot be told from the body of this one, say since it was refused before its body came.
    mutating func closeAfterResponse() {
        self.keepsAlive = false
        self.mayStillSend = true
    }

    /// The end of the connection is the end of the answer.
    mutating func closeAfterBody() { self.keepsAlive = false }

    enum OnEnd: Hashable {
        /// The other side goes on.
        case wait
        case nextRequest
        /// Read the rest of the body, and drop it.
        case discard
        /// Everything has been said: flush and close.
        case close
        /// Flush and close the sending side; read on for a moment, so that the client sees the answer and not a reset
        /// (RFC 9112 section 9.6).
        case linger
    }

    mutating func requestEnded() -> OnEnd {
        switch self.state {
        case .exchanging(_, .open):
            self.state = .exchanging(request: .ended, response: .open)
            return .wait
        case .discarding, .exchanging(_, .ended): return self.bothEnded()
        case .idle, .receivingHead, .closing, .closed: return .wait
        }
    }

    mutating func responseEnded() -> OnEnd {
        switch self.state {
        case .exchanging(.ended, _): return self.bothEnded()
        case .exchanging(.open, _):
            if self.closesAfterResponse {
                self.state = .closing
                return .linger
            }
            self.state = .discarding
            return .discard
        case .idle, .receivingHead, .discarding, .closing, .closed: return .wait
        }
    }

    private mutating func bothEnded() -> OnEnd {
        if self.closesAfterResponse {
            self.state = .closing
            // A client that did not ask for the end may have sent its next request before it hears of it.
            return self.mayStillSend || self.keepsAlive ? .linger : .close
        }
        self.state = .idle
        return .nextRequest
    }

    /// The rest of a body did not come in time.
    mutating func gaveUpDiscarding() {
        guard self.state == .discarding else { return }
        self.state = .closing
    }

    /// There are too many connections: all that it gets is an answer that says so.
    mutating func refused() {
        self.keepsAlive = false
        self.state = .exchanging(request: .ended, response: .open)
    }

    enum OnInputClosed: Hashable {
        /// Flush and close.
        case close
        /// The request breaks off.
        case cut
        /// What was asked is answered first.
        case afterResponse
    }

    /// The client sends nothing more, and all that came has been looked at.
    mutating func inputClosed() -> OnInputClosed {
        self.keepsAlive = false
        self.mayStillSend = false
        switch self.state {
        case .idle, .receivingHead, .discarding:
            self.state = .closing
            return .close
        case .exchanging(.open, _): return .cut
        case .exchanging(.ended, _), .closing, .closed: return .afterResponse
        }
    }

    enum OnDrain: Hashable {
        /// Nothing is asked at the moment, but a request may be on its way (RFC 9112 section 9.6): it has some time to come.
        case afterNextRequest
        case afterResponse
    }

    mutating func drain() -> OnDrain {
        self.isDraining = true
        return self.state == .idle ? .afterNextRequest : .afterResponse
    }

    mutating func closed() { self.state = .closed }
}
