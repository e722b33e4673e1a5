import NIOCore

extension HTTP2UpstreamConnection {
    /// The state of an HTTP/2 connection to an upstream, without its channel: how many streams it carries, whether it
    /// takes more, and whether the peer is still there.
    struct StateMachine {
        enum State: Equatable {
            /// The peer's SETTINGS are outstanding. Next: open, closed.
            case connecting
            /// Next: draining (the peer or the pool wants no more streams), closed.
            case open
            /// Open streams finish. Next: closed.
            case draining
            case closed
        }

        struct Settings: Hashable, Sendable {
            /// The maximum number of streams. The peer may allow fewer.
            var maxStreams = 100
            /// How long the peer may be silent while a stream is open before it is asked whether it is there. Nil: the
            /// next request asks.
            var keepAlivePing: TimeAmount?
        }

        /// After so much silence, a request brings a PING along.
        private static let silence = TimeAmount.seconds(10)
        /// The highest stream ID to use. A connection that reaches it drains.
        private static let lastStream = UInt32(Int32.max) - 2

        let settings: Settings
        private(set) var state = State.connecting
        /// The streams that are open.
        private(set) var streams = 0
        /// How many streams the peer allows.
        private var allowed = Int.max
        private var nextStream: UInt32 = 1
        /// Whether a response has begun on this connection.
        private(set) var hasAnswered = false
        private(set) var receivedAt: NIODeadline
        /// How long the answer to a PING may take.
        private var pingTimeout = TimeAmount.seconds(2)
        private var pingSentAt: NIODeadline?

        init(settings: Settings, now: NIODeadline) {
            self.settings = settings
            self.receivedAt = now
        }

        /// How many streams the connection carries at most.
        var limit: Int { min(self.settings.maxStreams, self.allowed) }
        /// Whether the connection takes another stream.
        var hasRoom: Bool { self.state == .open && self.streams < self.limit }
        /// Whether the connection can be kept when it has no stream.
        var isReusable: Bool { self.state == .open && self.limit > 0 }

        // MARK: The peer

        enum OnSettings: Equatable, Sendable {
            /// The connection can be used from now on.
            case opened
            case changed
        }

        /// Handles the peer's SETTINGS.
        ///
        /// - Parameter maxStreams: `SETTINGS_MAX_CONCURRENT_STREAMS`, or nil if the peer names none.
        mutating func settings(maxStreams: Int?) -> OnSettings {
            self.allowed = maxStreams ?? .max
            // A peer that allows none yet may allow some soon.
            guard self.state == .connecting, self.allowed > 0 else { return .changed }
            self.state = .open
            return .opened
        }

        /// Records that the peer has sent something.
        mutating func received(at now: NIODeadline) {
            self.receivedAt = now
            self.pingSentAt = nil
        }

        mutating func answered() { self.hasAnswered = true }

        enum OnDrain: Equatable, Sendable {
            /// Close the connection.
            case close
            /// Wait for the open streams.
            case wait
            case ignore
        }

        /// Takes no more streams: the peer or the pool asks for it.
        mutating func drain() -> OnDrain {
            guard self.state == .open || self.state == .connecting else { return .ignore }
            self.state = .draining
            return self.streams == 0 ? .close : .wait
        }

        /// Records that the connection ended. Returns false if it had already.
        mutating func close() -> Bool {
            defer { self.state = .closed }
            return self.state != .closed
        }

        // MARK: Streams

        /// Begins a stream, whose ID is assigned when its head is sent.
        mutating func open() { self.streams += 1 }

        struct OnHead: Equatable, Sendable {
            var stream: UInt32
            /// Send a PING too: the peer has been silent.
            var pings = false
        }

        /// Assigns the ID of a stream, in the order in which the heads are sent (RFC 9113 section 5.1.1).
        ///
        /// - Parameter pingTimeout: How long the answer to a PING may take.
        /// - Returns: Nil if the IDs are used up.
        mutating func sendHead(at now: NIODeadline, pingTimeout: TimeAmount) -> OnHead? {
            guard self.nextStream <= Self.lastStream else { return nil }
            var result = OnHead(stream: self.nextStream)
            self.nextStream += 2
            if self.nextStream > Self.lastStream, self.state == .open { self.state = .draining }
            if self.pingSentAt == nil, now - self.receivedAt >= Self.silence {
                self.pingTimeout = pingTimeout
                self.pingSentAt = now
                result.pings = true
            }
            return result
        }

        enum OnStreamEnd: Equatable, Sendable {
            /// Other streams are open.
            case keep
            /// No stream is open: return the connection to the pool, which may close it.
            case release
        }

        mutating func streamEnded() -> OnStreamEnd {
            self.streams -= 1
            return self.streams == 0 ? .release : .keep
        }

        // MARK: Time

        /// When ``timeReached(at:)`` next has something to do.
        var nextDeadline: NIODeadline {
            if let sentAt = self.pingSentAt { return sentAt + self.pingTimeout }
            guard let interval = self.settings.keepAlivePing, self.streams > 0 else { return .distantFuture }
            return self.receivedAt + interval
        }

        enum OnTime: Equatable, Sendable {
            case none
            case ping
            /// The peer did not answer a PING.
            case dead
        }

        /// - Parameter pingTimeout: How long the answer to a PING may take.
        mutating func timeReached(at now: NIODeadline, pingTimeout: TimeAmount) -> OnTime {
            guard self.state != .closed, now >= self.nextDeadline else { return .none }
            guard self.pingSentAt == nil else { return .dead }
            self.pingTimeout = pingTimeout
            self.pingSentAt = now
            return .ping
        }
    }
}
