package import NIOCore

/// An open WebSocket between a client and an upstream: what passes, what the gateway inserts, and how it ends.
///
/// It has no channel and no clock. `ExchangeDriver` reports events and performs the returned actions.
package struct WebSocketTunnel {
    package enum Side: Hashable, Sendable, CaseIterable {
        case client, upstream

        package var other: Side { self == .client ? .upstream : .client }
    }

    /// What a policy requires of open WebSockets.
    package struct Policy: Hashable, Sendable {
        package var maxMessage: UInt64
        /// The time between two pings to each side, or nil for no pings.
        package var pingInterval: TimeAmount?
        /// How long each side may send nothing at all, or nil for any time.
        package var idleTimeout: TimeAmount?

        package init(maxMessage: UInt64, pingInterval: TimeAmount?, idleTimeout: TimeAmount?) {
            self.maxMessage = maxMessage
            self.pingInterval = pingInterval
            self.idleTimeout = idleTimeout
        }
    }

    /// How long a side may take to answer a close frame (RFC 6455 section 7.1.1).
    package static let closeTimeout = TimeAmount.seconds(5)

    private struct Half {
        /// What this side sends.
        var stream: WebSocketStream
        var heardAt: NIODeadline
        /// Whether the side has sent a close frame, or none is expected from it.
        var hasClosed = false
        /// Whether the side was sent a close frame, after which nothing may follow.
        var isClosed = false
        /// The code of the close frame that this side gets once the frame that it is receiving has ended.
        var pendingClose: UInt16?
        /// Whether the side gets a ping once the frame that it is receiving has ended. Until then its silence says nothing.
        var needsPing = false
    }

    private var client: Half
    private var upstream: Half
    private let policy: Policy?
    /// How long both sides together may send nothing, or nil for any time.
    private let idle: TimeAmount?
    private let pingToken: UInt64
    private var nextPing = NIODeadline.distantFuture
    private var closesUntil = NIODeadline.distantFuture
    /// Whether the gateway itself has closed the WebSocket.
    package private(set) var isClosing = false
    /// The code of the first close frame, or nil if there was none.
    package private(set) var closeCode: UInt16?

    /// - Parameters:
    ///   - idle: How long both sides together may send nothing, or nil for any time.
    ///   - pingToken: The payload of the gateway's pings.
    package init(
        policy: Policy?,
        extensions: WebSocketExtensions,
        idle: TimeAmount?,
        pingToken: UInt64,
        at now: NIODeadline
    ) {
        func half(isMasked: Bool) -> Half {
            let rules = policy.map {
                WebSocketRules(isMasked: isMasked, maxMessage: $0.maxMessage, extensions: extensions)
            }
            return Half(stream: WebSocketStream(rules: rules, pingToken: pingToken), heardAt: now)
        }
        self.client = half(isMasked: true)
        self.upstream = half(isMasked: false)
        self.policy = policy
        self.idle = idle
        self.pingToken = pingToken
        if let interval = policy?.pingInterval { self.nextPing = now + interval }
    }

    private subscript(side: Side) -> Half {
        get { side == .client ? self.client : self.upstream }
        _modify { if side == .client { yield &self.client } else { yield &self.upstream } }
    }

    /// The number of complete messages that a side has sent.
    package func messages(from side: Side) -> UInt64 {
        side == .client ? self.client.stream.messages : self.upstream.stream.messages
    }

    // MARK: Bytes

    package enum OnBytes: Equatable {
        /// Write these bytes to the other side.
        case write(ByteBuffer)
        /// Write this frame to the other side.
        case insert(WebSocketControlFrame)
        /// The side has broken a rule: close both sides with this code.
        case violation(UInt16)
        /// Both sides have closed. End the exchange if they do not end their connections soon.
        case closed
    }

    package mutating func received(from side: Side, at now: NIODeadline) { self[side].heardAt = now }

    /// Takes the next action for bytes that a side has sent. Returns nil if more bytes are needed.
    package mutating func next(_ chunk: inout ByteBuffer, from side: Side, at now: NIODeadline) -> OnBytes? {
        while let event = self[side].stream.next(&chunk) {
            switch event {
            case .forward(let bytes): if !self[side.other].isClosed { return .write(bytes) }
            case .boundary: if let frame = self.takePending(to: side.other, at: now) { return .insert(frame) }
            case .close(let code):
                self.closeCode = self.closeCode ?? code
                self[side].hasClosed = true
                self[side.other].isClosed = true
                self[side.other].pendingClose = nil
                guard self[side.other].hasClosed else { continue }
                self.closesUntil = min(self.closesUntil, now + Self.closeTimeout)
                return .closed
            case .violation(let code):
                self[side].hasClosed = true
                return .violation(code)
            }
        }
        return nil
    }

    /// Returns the frame that a side gets now that the frame before it has ended.
    private mutating func takePending(to side: Side, at now: NIODeadline) -> WebSocketControlFrame? {
        self[side.other].stream.stopsAtBoundary = false
        guard !self[side].isClosed else { return nil }
        if let code = self[side].pendingClose {
            self[side].pendingClose = nil
            self[side].isClosed = true
            return .close(code)
        }
        guard self[side].needsPing else { return nil }
        self[side].needsPing = false
        self[side].heardAt = now
        return .ping(self.pingToken)
    }

    // MARK: The end

    package enum OnClose: Equatable, Sendable {
        /// Write the close frame now.
        case send
        /// The side is in the middle of a frame, and gets the close frame after it.
        case wait
        /// The side has got a close frame already.
        case done
    }

    /// Begins to close the WebSocket by the gateway. ``close(_:to:)`` follows for both sides.
    ///
    /// - Parameter timeout: How long to wait for the answers, or nil if something else limits the time.
    package mutating func beginClose(_ code: UInt16, within timeout: TimeAmount?, at now: NIODeadline) {
        self.isClosing = true
        self.closeCode = self.closeCode ?? code
        self.nextPing = .distantFuture
        if let timeout { self.closesUntil = min(self.closesUntil, now + timeout) }
    }

    /// Closes one side.
    package mutating func close(_ code: UInt16, to side: Side) -> OnClose {
        guard !self[side].isClosed else { return .done }
        guard self[side.other].stream.isBetweenFrames else {
            self[side].pendingClose = code
            self[side.other].stream.stopsAtBoundary = true
            return .wait
        }
        self[side].isClosed = true
        return .send
    }

    /// Whether both sides have closed, or cannot any more.
    package var areBothClosed: Bool { self.client.hasClosed && self.upstream.hasClosed }

    package enum OnInputEnd: Equatable, Sendable {
        /// End the exchange: everything was said.
        case finish
        /// The other side has yet to answer a close frame. Tell it that nothing more comes.
        case passOn
        /// The side broke off. Cut the other one.
        case cut
    }

    /// Records that a side has ended its connection.
    package mutating func inputEnded(from side: Side, at now: NIODeadline) -> OnInputEnd {
        if self.isClosing || self.areBothClosed { return .finish }
        guard self[side].hasClosed else { return .cut }
        self.closesUntil = min(self.closesUntil, now + Self.closeTimeout)
        return side == .upstream ? .finish : .passOn
    }

    // MARK: Time

    package enum OnDeadline: Equatable, Sendable {
        /// Ping the sides for which the function ``ping(_:)`` says so.
        case ping
        /// This side has been silent for too long.
        case gone(Side)
        /// Both sides have been silent for too long.
        case idle
        /// The answers to the close frames did not arrive in time.
        case closeTimedOut
        case none
    }

    /// When to call ``deadlineReached(at:)``.
    package var nextDeadline: NIODeadline {
        var next = min(self.closesUntil, self.nextPing)
        guard !self.isClosing else { return next }
        if let limit = self.policy?.idleTimeout {
            if !self.client.needsPing { next = min(next, self.client.heardAt + limit) }
            if !self.upstream.needsPing { next = min(next, self.upstream.heardAt + limit) }
        }
        if let idle = self.idle { next = min(next, max(self.client.heardAt, self.upstream.heardAt) + idle) }
        return next
    }

    package mutating func deadlineReached(at now: NIODeadline) -> OnDeadline {
        if self.closesUntil <= now { return .closeTimedOut }
        if !self.isClosing {
            if let limit = self.policy?.idleTimeout {
                for side in Side.allCases where !self[side].needsPing && self[side].heardAt + limit <= now {
                    self[side].hasClosed = true
                    return .gone(side)
                }
            }
            if let idle = self.idle, max(self.client.heardAt, self.upstream.heardAt) + idle <= now { return .idle }
        }
        guard self.nextPing <= now, let interval = self.policy?.pingInterval else { return .none }
        self.nextPing = now + interval
        return .ping
    }

    /// Returns the ping for a side, or nil if the side gets it later or not at all.
    package mutating func ping(_ side: Side) -> WebSocketControlFrame? {
        guard !self[side].isClosed else { return nil }
        guard self[side.other].stream.isBetweenFrames else {
            self[side].needsPing = true
            self[side.other].stream.stopsAtBoundary = true
            return nil
        }
        return .ping(self.pingToken)
    }
}
