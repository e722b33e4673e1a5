import NIOCore

/// The deadlines of a client connection: for bytes from the client, and for the client to accept bytes.
///
/// It reads no clock. The time is an argument, and the handler moves the connection's slot in the ``DeadlineWheel``.
package struct ConnectionClock {
    /// How long a client whose connection is being closed may be silent.
    static let lingerTime = TimeAmount.seconds(2)
    /// How long such a client may keep sending.
    private static let longestLinger = TimeAmount.seconds(30)
    private static let bodyRateGrace = TimeAmount.seconds(10)

    /// When the first byte of the current request arrived.
    var headStartedAt = NIODeadline.uptimeNanoseconds(0)
    /// For bytes from the client.
    var readDeadline = NIODeadline.distantFuture
    /// For the client to accept bytes.
    private(set) var writeDeadline = NIODeadline.distantFuture
    private var armedUntil = NIODeadline.distantFuture
    /// The number of bytes that the client had to accept when the wait began.
    private var unwritten = 0
    private var lingerEnd: NIODeadline?
    private var bodyStartedAt = NIODeadline.uptimeNanoseconds(0)
    private var bodyPausedAt: NIODeadline?

    // MARK: The wheel

    /// Returns the deadline to set in the wheel; nil if the wheel looks at this connection earlier anyway.
    mutating func arm() -> NIODeadline? {
        let next = min(self.readDeadline, self.writeDeadline)
        guard next < self.armedUntil else { return nil }
        self.armedUntil = next
        return next
    }

    /// The wheel has looked at this connection, and does not again unless it is asked to.
    mutating func disarm() { self.armedUntil = .distantFuture }

    // MARK: The body of a request

    /// A request has begun. The clock of its body stands still until the body is read.
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

    /// The client has been asked for its body, or sends it without being asked.
    mutating func bodyAwaited(at now: NIODeadline) { self.bodyStartedAt = now }

    /// When more of the body has to be there: it must arrive at `body_rate`, with some grace.
    func bodyDeadline(bytes: Int, nanosecondsPerByte: Double) -> NIODeadline {
        // At a rate close to zero, the time earned exceeds what can be represented.
        let earned = Int64(exactly: (Double(bytes) * nanosecondsPerByte).rounded(.down)) ?? .max
        return self.bodyStartedAt + Self.bodyRateGrace + .nanoseconds(earned)
    }

    // MARK: Output

    /// The client has `timeout` to accept some of the bytes that are queued for it.
    mutating func waitForWrite(of unwritten: Int, at now: NIODeadline, timeout: TimeAmount) {
        self.unwritten = unwritten
        self.writeDeadline = now + timeout
    }

    mutating func stopWaitingForWrite() { self.writeDeadline = .distantFuture }

    var waitsForWrite: Bool { self.writeDeadline != .distantFuture }

    /// More bytes were queued for the client.
    package mutating func wrote(_ count: Int) { if self.waitsForWrite { self.unwritten += count } }

    enum OnWriteDeadline: Hashable {
        /// Everything was accepted.
        case done
        /// Some was: wait again for the rest.
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

    /// The client has sent something that is dropped.
    mutating func inputDropped(at now: NIODeadline) {
        if let end = self.lingerEnd { self.readDeadline = min(now + Self.lingerTime, end) }
    }
}
