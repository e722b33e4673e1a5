/// The state of an exchange between its request and its response. `ExchangeDriver` reports events to it and performs
/// the actions that it returns.
package struct ExchangeStateMachine: Hashable, Sendable {
    package enum Stage: UInt8, Sendable {
        /// No request. → descending
        case idle
        /// In the request hooks. → waiting, climbing, over
        case descending
        /// At the bottom of the chain, until a response begins. → climbing, over
        case waiting
        /// In the response hooks. → responding, descending, over
        case climbing
        /// The response head was written to the client, or is being written. → flushing, tunnel, over
        case responding
        /// The client was sent a 101 response: both bodies are the bytes of another protocol. → over
        case tunnel
        /// The last byte was written, but the client has not accepted it yet. → over
        case flushing
        /// The completion hooks run. → idle
        case over
    }

    /// What the walk through the hooks is waiting for. The hook that halted it decides how it continues.
    enum Halt: Hashable, Sendable {
        case none
        /// The decision of a ``Resumption``.
        case suspended
        /// The whole body, if it has at most this many bytes.
        case collecting(limit: Int)
    }

    package private(set) var stage = Stage.idle
    private(set) var halt = Halt.none
    /// Identifies a halt, so that a late decision does not apply to a later one.
    private var haltNumber: UInt32 = 0
    /// Whether the whole request, including its body, was received, or no more of it will be delivered.
    package private(set) var isRequestEnded = false
    /// Whether the whole response was received.
    package private(set) var isResponseEnded = false

    // MARK: Down

    package mutating func begin(hasBody: Bool) {
        self.stage = .descending
        self.halt = .none
        self.isRequestEnded = !hasBody
        self.isResponseEnded = false
    }

    mutating func reachedBottom() { self.stage = .waiting }

    enum OnRetry: Hashable, Sendable {
        case descend
        /// The client has received part of the response, or the exchange is over.
        case refuse
    }

    /// Called to send the request again.
    mutating func retry() -> OnRetry {
        switch self.stage {
        case .descending, .waiting, .climbing:
            self.stage = .descending
            self.isResponseEnded = false
            return .descend
        case .idle, .responding, .tunnel, .flushing, .over: return .refuse
        }
    }

    // MARK: Halts

    /// Returns the number of the next halt.
    mutating func makeHalt() -> UInt32 {
        self.haltNumber &+= 1
        return self.haltNumber
    }

    mutating func suspend() { self.halt = .suspended }
    mutating func collect(upTo limit: Int) { self.halt = .collecting(limit: limit) }

    /// Called when the body that a hook waits for is complete or too large.
    package mutating func collected() { self.halt = .none }

    /// Ends the halt because the walk continues elsewhere. Outstanding resumptions become stale.
    mutating func endHalt() {
        guard self.halt != .none else { return }
        self.halt = .none
        self.haltNumber &+= 1
    }

    enum OnResume: Hashable, Sendable {
        /// The halt is already over.
        case ignore
        case down
        case up
    }

    mutating func resume(_ number: UInt32) -> OnResume {
        guard self.haltNumber == number, self.halt == .suspended else { return .ignore }
        self.endHalt()
        return self.stage == .descending ? .down : .up
    }

    // MARK: The request's body

    enum OnRequestBody: Hashable, Sendable {
        case collect(limit: Int)
        case forward
        case tunnel
        case drop
    }

    func requestBody() -> OnRequestBody {
        switch (self.stage, self.halt) {
        case (.descending, .collecting(let limit)): .collect(limit: limit)
        case (.tunnel, _): .tunnel
        case (.over, _): .drop
        default: .forward
        }
    }

    enum OnRequestEnd: Hashable, Sendable {
        /// Pass the body to the hook that waits for it.
        case collected
        case forward
        case tunnel
    }

    mutating func requestEnded() -> OnRequestEnd {
        self.isRequestEnded = true
        if case .collecting = self.halt, self.stage == .descending { return .collected }
        return self.stage == .tunnel ? .tunnel : .forward
    }

    /// Called when no more of the request will be delivered.
    mutating func abandonRequest() { self.isRequestEnded = true }

    // MARK: The response

    enum OnInformational: Hashable, Sendable {
        case pass
        case drop
    }

    func informational() -> OnInformational { self.stage == .waiting ? .pass : .drop }

    enum OnResponseHead: Hashable, Sendable {
        case climb
        case drop
    }

    mutating func responseHead() -> OnResponseHead {
        guard self.stage == .waiting else { return .drop }
        self.stage = .climbing
        return .climb
    }

    /// Called when a complete response was generated. It replaces any other response and climbs.
    mutating func answered() {
        self.stage = .climbing
        self.isResponseEnded = true
    }

    /// Called when the head of a response came from elsewhere than the bottom of the chain. Its body follows.
    mutating func receivedElsewhere() {
        self.stage = .climbing
        self.isResponseEnded = false
    }

    mutating func startedResponse() { self.stage = .responding }

    /// Records that both sides have switched protocols.
    mutating func openedTunnel() {
        self.stage = .tunnel
        self.isRequestEnded = false
        self.isResponseEnded = false
    }

    enum OnResponseBody: Hashable, Sendable {
        case write
        /// Hold the chunk, because a suspended hook holds the head.
        case hold
        /// Collect the chunk for a hook that waits for the body.
        case collect(limit: Int)
        case tunnel
        case drop
    }

    func responseBody() -> OnResponseBody {
        switch (self.stage, self.halt) {
        case (.responding, _): .write
        case (.climbing, .collecting(let limit)): .collect(limit: limit)
        case (.climbing, _): .hold
        case (.tunnel, _): .tunnel
        case (.idle, _), (.descending, _), (.waiting, _), (.flushing, _), (.over, _): .drop
        }
    }

    enum OnResponseEnd: Hashable, Sendable {
        case write
        /// Hold the end, because a suspended hook holds the head.
        case hold
        /// Pass the body to the hook that waits for it.
        case collected
        case tunnel
        case drop
    }

    mutating func responseEnded() -> OnResponseEnd {
        self.isResponseEnded = true
        switch (self.stage, self.halt) {
        case (.responding, _): return .write
        case (.climbing, .collecting): return .collected
        case (.climbing, _): return .hold
        case (.tunnel, _): return .tunnel
        case (.idle, _), (.descending, _), (.waiting, _), (.flushing, _), (.over, _): return .drop
        }
    }

    /// Whether a response hook is waiting for the body.
    var isCollectingResponse: Bool {
        if case .collecting = self.halt, self.stage == .climbing { true } else { false }
    }

    mutating func wroteLastByte() { self.stage = .flushing }

    enum OnClientWritable: Hashable, Sendable {
        case finish
        case continueResponse
        /// Resume an upstream that was paused because the client did not accept informational responses.
        case resumeUpstream
        case ignore
    }

    func clientWritable() -> OnClientWritable {
        switch self.stage {
        case .flushing: .finish
        case .responding: .continueResponse
        case .tunnel: .resumeUpstream
        case .waiting, .climbing: self.halt == .suspended ? .ignore : .resumeUpstream
        case .idle, .descending, .over: .ignore
        }
    }

    // MARK: Failures

    enum OnFailure: Hashable, Sendable {
        /// Send an error to the client.
        case answer
        /// Close the client's connection, because it has received part of the response.
        case cut
        case ignore
    }

    /// Called when the upstream connection failed.
    func upstreamFailed() -> OnFailure {
        switch self.stage {
        case .waiting, .climbing: .answer
        case .responding, .tunnel: .cut
        case .idle, .descending, .flushing, .over: .ignore
        }
    }

    /// Called when the request body is malformed or too slow, when a transform failed, or when a deadline passed.
    func requestFailed() -> OnFailure {
        switch self.stage {
        case .descending, .waiting, .climbing: .answer
        case .responding, .tunnel, .flushing: .cut
        case .idle, .over: .ignore
        }
    }

    /// Called when the request body exceeds its limit. A complete response is not affected.
    func requestTooLarge() -> OnFailure { self.stage == .flushing ? .ignore : self.requestFailed() }

    /// Whether the gateway can still send a different response.
    var canAnswer: Bool { self.requestFailed() == .answer }

    // MARK: The end

    enum OnFinish: Hashable, Sendable {
        case complete
        case ignore
    }

    mutating func finish() -> OnFinish {
        guard self.stage != .over, self.stage != .idle else { return .ignore }
        self.stage = .over
        return .complete
    }

    /// Makes the exchange available for another request.
    mutating func release() { self.stage = .idle }
}
