import NIOCore

/// The state of a connection to an upstream, without its channel: how to interpret received bytes, whether the
/// connection can be reused, and what its end means for the request.
struct UpstreamConnectionStateMachine {
    enum State: Equatable {
        /// In the pool. Next: head, closed.
        case idle
        /// A request was sent. Next: body (a final response began), closed.
        case head
        /// Next: complete (the connection can be reused), closed.
        case body
        /// The response is complete, but the socket may hold more bytes to read. Next: idle, closed.
        case complete
        case closed
    }

    /// The number of reads from a socket in one pass, as long as each read fills its buffer.
    static let readsPerPass: UInt = 4
    /// How often a request may be sent to the same endpoint again.
    private static let resends = 2

    private(set) var state = State.idle
    /// The status of the last final response.
    package private(set) var status = 0
    /// The upstream's `Keep-Alive: timeout`.
    private(set) var keepAlive: TimeAmount?
    private(set) var isReadingPaused = false
    private var isReused = false
    private var isRequestEnded = false
    /// Whether the upstream may have received a part of the request.
    private(set) var hasFlushed = false
    /// Whether the upstream closed its side. A connection that ends without this was cut.
    private var isInputClosed = false
    private var isInputCut = false
    private var keepsAlive = true
    /// Whether this is the last request of the connection: an informational response had framing that leaves the start
    /// of the next response in doubt, or the pool has given it up.
    private var isLast = false
    /// Whether the caller does not want the rest of the response.
    private var isDiscarding = false
    /// Whether the bytes of a read pass are being handled.
    private var isInPass = false
    /// How many of the last reads of this pass filled their buffers.
    private var fullReads: UInt = 0

    /// Whether no response has begun on this connection.
    var isUnproven: Bool { self.status == 0 && (self.state == .head || self.state == .idle) }

    // MARK: The request

    /// Starts a request on this connection.
    ///
    /// - Parameter isReused: Whether the connection has served requests before.
    mutating func start(isReused: Bool) {
        self.state = .head
        self.isReused = isReused
        self.hasFlushed = false
        self.isRequestEnded = false
        self.isDiscarding = false
    }

    /// Records that the last byte of the request was written.
    mutating func requestEnded() { self.isRequestEnded = true }

    /// Records that written bytes were passed to the socket.
    mutating func flushed() { if self.state != .closed { self.hasFlushed = true } }

    /// Whether the request may have to be sent again if the connection ends now.
    ///
    /// - Parameter hasAlternatives: Whether the request could go to another endpoint.
    func mayBeSentAgain(isIdempotent: Bool, hasAlternatives: @autoclosure () -> Bool) -> Bool {
        guard self.state == .head else { return false }
        if !self.hasFlushed { return true }
        return isIdempotent && (self.isReused || hasAlternatives())
    }

    // MARK: The response

    enum OnBytes: Equatable, Sendable {
        case readHead, readBody
        /// The bytes belong to no request, and no later request may receive them: close the connection.
        case close
        case discard
    }

    /// Returns how to interpret received bytes.
    func received() -> OnBytes {
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
        /// A 101 response to a request with `Upgrade`. All further bytes belong to the upgraded protocol.
        case upgraded
        /// A 101 response to a request without `Upgrade`: the response is malformed.
        case unexpectedUpgrade
    }

    /// Records that a response head was read.
    ///
    /// - Parameter isUpgrade: Whether the request asked for another protocol.
    mutating func head(_ response: UpstreamResponse, isUpgrade: Bool = false) -> OnHead {
        if response.status == 101 {
            guard isUpgrade else { return .unexpectedUpgrade }
            self.state = .body
            self.status = 101
            self.keepsAlive = false
            return .upgraded
        }
        if response.isInformational {
            // The response announced a body, which it cannot have, or the end of the connection.
            if !response.keepAlive { self.isLast = true }
            return .informational
        }
        self.state = .body
        self.status = response.status
        self.keepsAlive = response.keepAlive && !self.isLast
        if let timeout = response.timeout { self.keepAlive = timeout }
        return .final
    }

    enum OnBodyEnd: Equatable, Sendable {
        /// Wait for `readComplete`: the socket may hold excess bytes.
        case settle
        case close
    }

    /// Records that the response is complete.
    ///
    /// - Parameter isDrained: Whether no bytes after the response were received.
    mutating func bodyEnded(isDrained: Bool) -> OnBodyEnd {
        guard self.state == .body, self.keepsAlive, self.isRequestEnded, isDrained else { return .close }
        self.state = .complete
        self.isReadingPaused = false
        return .settle
    }

    enum OnDiscard: Equatable, Sendable {
        /// Drop the rest of the response as far as it has been received. If it is complete, the connection can be reused.
        case drop
        /// Close the connection.
        case close
    }

    /// Records that the caller does not want the rest of the response.
    mutating func discard() -> OnDiscard {
        guard self.state == .body, self.isInPass, self.isRequestEnded, self.keepsAlive else { return .close }
        self.isDiscarding = true
        return .drop
    }

    /// Closes the connection after the current request.
    mutating func retire() {
        self.isLast = true
        self.keepsAlive = false
    }

    // MARK: Reading

    /// Records that a read returned bytes.
    ///
    /// - Parameter isFull: Whether the bytes filled the buffer, so that the socket may hold more.
    mutating func read(isFull: Bool) {
        self.isInPass = true
        self.fullReads = isFull ? self.fullReads + 1 : 0
    }

    enum OnReadComplete: Equatable, Sendable {
        case none
        /// The connection is idle: return it to the pool.
        case release
        /// The socket may hold more bytes, which belong to no request, or the rest of a response that no one wants.
        case close
    }

    /// Records the end of a read pass.
    mutating func readComplete() -> OnReadComplete {
        let isEmpty = self.fullReads < Self.readsPerPass
        self.fullReads = 0
        self.isInPass = false
        guard self.state == .complete else { return self.isDiscarding && self.state == .body ? .close : .none }
        guard isEmpty else { return .close }
        self.state = .idle
        return .release
    }

    mutating func pauseReading() { self.isReadingPaused = true }

    /// Resumes reading. Returns whether it was paused.
    mutating func resumeReading() -> Bool {
        defer { self.isReadingPaused = false }
        return self.isReadingPaused
    }

    /// Records that the upstream closed its side.
    mutating func inputClosed() { if !self.isInputCut { self.isInputClosed = true } }

    /// Records that the input ended without the end that TLS requires (RFC 9112 section 9.8): somebody else may have cut
    /// it.
    mutating func inputCut() { self.isInputCut = true }

    // MARK: The end

    /// The facts about a request that decide what the end of its connection means.
    struct Request: Equatable, Sendable {
        var isIdempotent: Bool
        /// Whether all body bytes that were sent can be sent again.
        var isBodyKept: Bool
        /// How often the request was sent to this endpoint again.
        var resends: Int
        /// Whether a part of the response head was received.
        var hasPartialHead: Bool
    }

    enum OnClosed: Equatable, Sendable {
        /// The connection was already closed.
        case ignore
        /// No request used it.
        case unused
        /// The end of the connection ends the body.
        case bodyEnded
        /// The response was cut short.
        case failed
        /// Send the request to the same endpoint again: either the upstream cannot have read it, or the upstream
        /// closed a kept-alive connection and repeating the request is safe (RFC 9110 section 9.2.2).
        case sendAgain
        /// There is no response.
        ///
        /// - Parameters:
        ///   - isFresh: Whether the connection was opened for this request, so that its end says something about the
        ///     endpoint.
        ///   - mayMove: Whether another endpoint may receive the request.
        case reset(isFresh: Bool, mayMove: Bool)
    }

    /// Records that the connection ended, by the upstream or with an error.
    ///
    /// - Parameters:
    ///   - request: The current request, or nil.
    ///   - isBodyComplete: Whether the body may end where the input ends.
    mutating func closed(_ request: Request?, isBodyComplete: @autoclosure () -> Bool) -> OnClosed {
        guard self.state != .closed else { return .ignore }
        let state = self.state
        // The response has yet to be finished, which closes the connection.
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

    /// Records that the gateway closes the connection.
    ///
    /// - Returns: False if it is already closed.
    mutating func close() -> Bool {
        defer { self.state = .closed }
        return self.state != .closed
    }
}
