import GatewayHTTP1

/// Where a client's HTTP/1 connection stands: keep-alive, pipelining, drain (RFC 9112 section 9). It knows no channel;
/// the handler tells it what happened and does what it says.
struct ConnectionStateMachine: Hashable, Sendable {
    private(set) var state = State.idle
    private var requestsLeft: Int
    private var keepsAlive = true
    private var isDraining = false
    /// No request has come yet.
    private var isFresh = true
    /// The client may still be sending what nobody will read.
    private var mayStillSend = false

    enum State: Hashable, Sendable {
        /// Between requests. → receivingHead, closed
        case idle
        /// Part of a head has come. → exchanging, closing
        case receivingHead
        /// → idle, discarding, closing
        case exchanging(request: Side, response: Side)
        /// The answer is out, the rest of the request's body is read and dropped. → idle, closing
        case discarding(budget: Int)
        /// Nothing more is read as a request. → closed
        case closing
        case closed
    }

    enum Side: Hashable, Sendable {
        case open
        case ended
    }

    /// What is dropped of a body after its answer before the connection is given up.
    static let discardBudget = 256 * 1024

    init(requestsPerConnection: Int) { self.requestsLeft = max(1, requestsPerConnection) }

    /// Whether a response head written now has to say `Connection: close`.
    var closesAfterResponse: Bool { !self.keepsAlive || self.isDraining || self.requestsLeft == 0 }

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
        self.isFresh = false
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
            self.state = .discarding(budget: Self.discardBudget)
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

    /// Returns false where too much was dropped and the connection is better closed.
    mutating func discarded(_ bytes: Int) -> Bool {
        guard case .discarding(let budget) = self.state else { return true }
        guard bytes <= budget else {
            self.state = .closing
            return false
        }
        self.state = .discarding(budget: budget - bytes)
        return true
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
        case close
        case afterResponse
        /// Who has just connected is about to send a request, and would not send it again elsewhere by itself.
        case afterFirstRequest
        /// The answer is out, and the rest of the request is not read any more.
        case linger
    }

    mutating func drain() -> OnDrain {
        self.isDraining = true
        switch self.state {
        case .idle where self.isFresh: return .afterFirstRequest
        case .idle:
            self.state = .closing
            return .close
        case .discarding:
            self.state = .closing
            return .linger
        case .receivingHead, .exchanging, .closing, .closed: return .afterResponse
        }
    }

    mutating func closed() { self.state = .closed }
}
