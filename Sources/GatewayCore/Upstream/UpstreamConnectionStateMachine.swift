import NIOCore

/// A connection to an upstream without its channel: what received bytes are for, whether the connection can be reused, and
/// what its end means for the request.
struct UpstreamConnectionStateMachine {
    package enum State: Equatable {
        /// In the pool. Next: head, closed.
        case idle
        /// A request was sent. Next: body (a final response began), closed.
        case head
        /// Next: complete (the connection can be reused), closed.
        case body
        /// The response is complete. The rest of what the socket holds has yet to be read. Next: idle, closed.
        case complete
        case closed
    }

    /// How often a socket is read in one pass, as long as each read fills its buffer.
    static let readsPerPass: UInt = 4
    /// How often a request is sent again to the same endpoint.
    private static let resends = 2

    package private(set) var state = State.idle
    /// Of the last final response.
    package private(set) var status = 0
    /// `Keep-Alive: timeout` of the upstream.
    package private(set) var keepAlive: TimeAmount?
    private(set) var isReadingPaused = false
    private var isReused = false
    private var isRequestEnded = false
    /// The upstream may have received a part of the request.
    private var hasFlushed = false
    /// The upstream closed its side. A connection that ends without this was cut.
    private var isInputClosed = false
    private var keepsAlive = true
    /// An informational response was framed so that the start of the next response is in doubt, for this and all later
    /// requests.
    private var isInDoubt = false
    /// How many of the last reads of this pass filled their buffers.
    private var fullReads: UInt = 0

    // MARK: The request

    /// A request was given this connection.
    ///
    /// - Parameter isReused: The connection has served requests before.
    package mutating func start(isReused: Bool) {
        self.state = .head
        self.isReused = isReused
        self.hasFlushed = false
        self.isRequestEnded = false
    }

    /// The last byte of the request was written.
    mutating func requestEnded() { self.isRequestEnded = true }

    /// Written bytes were passed to the socket.
    mutating func flushed() { if self.state != .closed { self.hasFlushed = true } }

    /// Whether the request may have to be sent again if the connection ends now.
    ///
    /// - Parameter hasAlternatives: The request could go to another endpoint.
    func mayBeSentAgain(isIdempotent: Bool, hasAlternatives: @autoclosure () -> Bool) -> Bool {
        guard self.state == .head else { return false }
        if !self.hasFlushed { return true }
        return isIdempotent && (self.isReused || hasAlternatives())
    }

    // MARK: The response

    enum OnBytes: Equatable, Sendable {
        case readHead, readBody
        /// Nobody asked for these bytes, and no later request may receive them: close the connection.
        case close
        case discard
    }

    /// There are bytes to interpret.
    package func received() -> OnBytes {
        switch self.state {
        case .head: .readHead
        case .body: .readBody
        case .idle, .complete: .close
        case .closed: .discard
        }
    }

    enum OnHead: Equatable, Sendable {
        /// A 1xx response. Another head follows.
        case informational
        /// The body follows, unless the framing is empty.
        case final
        /// A 101 response to a request without `Upgrade`: the response is malformed.
        case unexpectedUpgrade
    }

    /// A response head was read.
    package mutating func head(_ response: UpstreamResponse) -> OnHead {
        if response.status == 101 { return .unexpectedUpgrade }
        if response.isInformational {
            // It announced a body, which it cannot have, or the end of the connection.
            if !response.keepAlive { self.isInDoubt = true }
            return .informational
        }
        self.state = .body
        self.status = response.status
        self.keepsAlive = response.keepAlive && !self.isInDoubt
        if let timeout = response.timeout { self.keepAlive = timeout }
        return .final
    }

    enum OnBodyEnd: Equatable, Sendable {
        /// Wait for `readComplete`: the socket may hold more than it should.
        case settle
        case close
    }

    /// The response is complete.
    ///
    /// - Parameter isDrained: No further bytes were received with it.
    mutating func bodyEnded(isDrained: Bool) -> OnBodyEnd {
        guard self.state == .body, self.keepsAlive, self.isRequestEnded, isDrained else { return .close }
        self.state = .complete
        self.isReadingPaused = false
        return .settle
    }

    // MARK: Reading

    /// A read returned bytes.
    ///
    /// - Parameter isFull: They filled the buffer, so that the socket may hold more.
    package mutating func read(isFull: Bool) { self.fullReads = isFull ? self.fullReads + 1 : 0 }

    enum OnReadComplete: Equatable, Sendable {
        case none
        /// The connection is idle: return it to the pool.
        case release
        /// The socket may hold more bytes, which would belong to no request.
        case close
    }

    /// The socket was read, as far as one pass reads it.
    mutating func readComplete() -> OnReadComplete {
        let isEmpty = self.fullReads < Self.readsPerPass
        self.fullReads = 0
        guard self.state == .complete else { return .none }
        guard isEmpty else { return .close }
        self.state = .idle
        return .release
    }

    mutating func pauseReading() { self.isReadingPaused = true }

    /// Returns whether reading was paused.
    mutating func resumeReading() -> Bool {
        defer { self.isReadingPaused = false }
        return self.isReadingPaused
    }

    /// The upstream sends nothing more.
    mutating func inputClosed() { self.isInputClosed = true }

    // MARK: The end

    /// What the end of a connection needs to know of its request.
    package struct Request: Equatable, Sendable {
        package var isIdempotent: Bool
        /// No sent byte of the body is lost.
        var isBodyKept: Bool
        /// How often it was sent again to this endpoint.
        var resends: Int
        /// A part of the response head was received.
        var hasPartialHead: Bool
    }

    enum OnClosed: Equatable, Sendable {
        /// The connection was closed before.
        case ignore
        /// No request used it.
        case unused
        /// The end of the connection is the end of the body.
        case bodyEnded
        /// The response broke off.
        case failed
        /// Send the request again to the same endpoint: the upstream cannot have read it, or had closed a kept connection,
        /// and repeating the request does no harm (RFC 9110 section 9.2.2).
        case sendAgain
        /// There is no response.
        ///
        /// - Parameters:
        ///   - isFresh: The connection was made for this request, so that its end says something about the endpoint.
        ///   - mayMove: Another endpoint may receive the request.
        case reset(isFresh: Bool, mayMove: Bool)
    }

    /// The connection ended, by the upstream or by an error.
    ///
    /// - Parameters:
    ///   - request: Nil if there is none.
    ///   - isBodyComplete: Whether the body may end where the input ends.
    package mutating func closed(_ request: Request?, isBodyComplete: @autoclosure () -> Bool) -> OnClosed {
        guard self.state != .closed else { return .ignore }
        let state = self.state
        // The response has yet to be finished; that closes the connection.
        if state == .body, request != nil, self.isInputClosed, isBodyComplete() { return .bodyEnded }
        self.state = .closed
        guard let request else { return .unused }
        guard state == .head else { return .failed }
        if self.canBeSentAgain(request) { return .sendAgain }
        let mayMove = request.isBodyKept && (!self.hasFlushed || request.isIdempotent)
        return .reset(isFresh: !self.isReused, mayMove: mayMove)
    }

    private func canBeSentAgain(_ request: Request) -> Bool {
        guard request.isBodyKept, request.resends < Self.resends else { return false }
        if !self.hasFlushed { return true }
        return self.isReused && request.isIdempotent && !request.hasPartialHead
    }

    /// The gateway closes the connection.
    ///
    /// - Returns: False if it is closed already.
    package mutating func close() -> Bool {
        defer { self.state = .closed }
        return self.state != .closed
    }
}
