import NIOCore

/// The deadlines of a client connection: for bytes to arrive from the client, and for the client to accept bytes.
///
/// It reads no clock: the time is an argument. The handler moves the connection's slot in the `DeadlineWheel`.
struct ConnectionClock {
    /// How long a client may be silent while its connection closes.
    static let lingerTime = TimeAmount.seconds(2)
    /// How long such a client may keep sending.
    private static let longestLinger = TimeAmount.seconds(30)
    private static let bodyRateGrace = TimeAmount.seconds(10)

    /// When the first byte of the current request arrived.
    var headStartedAt = NIODeadline.uptimeNanoseconds(0)
    /// The deadline for bytes from the client.
    var readDeadline = NIODeadline.distantFuture
    /// The deadline for the client to accept bytes.
    private(set) var writeDeadline = NIODeadline.distantFuture
    private var armedUntil = NIODeadline.distantFuture
    /// The number of bytes that the client had yet to accept when the wait began.
    private var unwritten = 0
    private var lingerEnd: NIODeadline?
    private var bodyStartedAt = NIODeadline.uptimeNanoseconds(0)
    private var bodyPausedAt: NIODeadline?

    // MARK: The wheel

    /// Returns the deadline to set in the wheel, or nil if the wheel already checks this connection earlier.
    mutating func arm() -> NIODeadline? {
        let next = min(self.readDeadline, self.writeDeadline)
        guard next < self.armedUntil else { return nil }
        self.armedUntil = next
        return next
    }

    /// Records that the wheel checked this connection. It does not do so again unless asked to.
    mutating func disarm() { self.armedUntil = .distantFuture }

    // MARK: The body of a request

    /// Starts a request. The body's clock is stopped until the body is read.
    mutating func requestBegan(hasBody: Bool, at now: NIODeadline) {
        self.bodyPausedAt = nil
        guard hasBody else { return }
        self.bodyStartedAt = now
        self.bodyPausedAt = now
    }

    mutating func bodyPaused(at now: NIODeadline) { self.bodyPausedAt = now }

    mutating func bodyResumed(at now: NIODeadline) {
        guard let pausedAt = self.bodyPausedAt else { return }
        self.bodyStartedAt = self.bodyStartedAt + (now - pausedAt)
        self.bodyPausedAt = nil
    }

    /// Records that the client was asked for its body, or sends it before that.
    mutating func bodyAwaited(at now: NIODeadline) { self.bodyStartedAt = now }

    /// Returns the deadline for more of the body, which must arrive at `body_rate` with a grace period.
    func bodyDeadline(bytes: Int, nanosecondsPerByte: Double) -> NIODeadline {
        // At a rate close to zero, the allowed time can exceed the largest integer.
        let earned = Int64(exactly: (Double(bytes) * nanosecondsPerByte).rounded(.down)) ?? .max
        return self.bodyStartedAt + Self.bodyRateGrace + .nanoseconds(earned)
    }

    // MARK: Output

    /// Gives the client `timeout` to accept some of the queued bytes.
    mutating func waitForWrite(of unwritten: Int, at now: NIODeadline, timeout: TimeAmount) {
        self.unwritten = unwritten
        self.writeDeadline = now + timeout
    }

    mutating func stopWaitingForWrite() { self.writeDeadline = .distantFuture }

    var waitsForWrite: Bool { self.writeDeadline != .distantFuture }

    /// Records that more bytes were queued for the client.
    mutating func wrote(_ count: Int) { if self.waitsForWrite { self.unwritten += count } }

    enum OnWriteDeadline: Hashable {
        /// The client has accepted everything.
        case done
        /// The client has accepted some bytes: wait again for the rest.
        case wait
        case timedOut
    }

    mutating func writeDeadlineReached(unwritten: Int) -> OnWriteDeadline {
        guard unwritten > 0 else {
            self.writeDeadline = .distantFuture
            return .done
        }
        return unwritten < self.unwritten ? .wait : .timedOut
    }

    // MARK: Lingering

    mutating func linger(at now: NIODeadline) {
        self.lingerEnd = now + Self.longestLinger
        self.readDeadline = now + Self.lingerTime
    }

    /// Records that bytes from the client were dropped.
    mutating func inputDropped(at now: NIODeadline) {
        if let end = self.lingerEnd { self.readDeadline = min(now + Self.lingerTime, end) }
    }
}
