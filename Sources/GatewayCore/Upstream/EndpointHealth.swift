import NIOCore

/// The health of one endpoint: whether it is reachable, since when, and when to try it again.
///
/// An endpoint that fails leaves the rotation. After one second the gateway tries a connection in the background.
/// While that fails, the delay doubles, up to 30 seconds. Any successful connection returns the endpoint to the
/// rotation at once. If it then fails before it has answered a request, the delay keeps doubling; otherwise it starts
/// over.
package struct EndpointHealth: Sendable, Equatable {
    /// A moment on two clocks: the monotonic one for timers, the wall clock for display.
    package struct Moment: Sendable, Equatable {
        var now: NIODeadline
        /// Milliseconds since 1970.
        package var time: Int64

        static func + (moment: Moment, amount: TimeAmount) -> Moment {
            Moment(now: moment.now + amount, time: moment.time + amount.nanoseconds / 1_000_000)
        }
    }

    enum State: Sendable, Equatable {
        /// No connection has been tried yet. The endpoint is in the rotation. Next: up, down.
        case unknown
        /// Next: down.
        case up
        /// Out of the rotation. Next: up.
        case down(UpstreamFailure, nextTry: Moment)
    }

    static let firstPause = TimeAmount.seconds(1)
    static let longestPause = TimeAmount.seconds(30)

    private(set) var state = State.unknown
    /// When the state began.
    private(set) var since: Moment
    /// When the endpoint last failed.
    private(set) var failedAt = NIODeadline.distantPast
    /// The endpoint has recovered but has not answered a request yet.
    private(set) var isOnProbation = false
    private var pause = Self.firstPause

    init(since: Moment) { self.since = since }

    var isInRotation: Bool {
        switch self.state {
        case .unknown, .up: true
        case .down: false
        }
    }

    enum OnFailed: Equatable {
        /// The endpoint is already out, or the failure is older than its recovery.
        case unchanged
        /// The endpoint left the rotation. Connect to it in the background after this delay.
        case left(retryAfter: TimeAmount)
    }

    /// Records that a connection could not be opened, or was lost before the response.
    ///
    /// - Parameter begun: When the attempt began. A failure of an attempt that began before the endpoint recovered is
    ///   ignored.
    mutating func failed(_ failure: UpstreamFailure, begun: NIODeadline, at moment: Moment) -> OnFailed {
        switch self.state {
        case .up where begun < self.since.now: return .unchanged
        case .unknown, .up:
            self.pause = self.isOnProbation ? self.doubled : Self.firstPause
            self.isOnProbation = false
            self.failedAt = moment.now
            self.state = .down(failure, nextTry: moment + self.pause)
            self.since = moment
            return .left(retryAfter: self.pause)
        case .down(_, let nextTry):
            self.failedAt = moment.now
            self.state = .down(failure, nextTry: nextTry)
            return .unchanged
        }
    }

    /// Records that a background connection failed.
    ///
    /// - Returns: The delay before the next attempt, or nil if the endpoint has recovered in the meantime.
    mutating func probeFailed(_ failure: UpstreamFailure, at moment: Moment) -> TimeAmount? {
        guard case .down = self.state else { return nil }
        self.pause = self.doubled
        self.failedAt = moment.now
        self.state = .down(failure, nextTry: moment + self.pause)
        return self.pause
    }

    enum OnConnected: Equatable {
        case unchanged
        /// The endpoint is back in the rotation.
        case returned(after: TimeAmount)
    }

    /// Records that a connection was opened.
    mutating func connected(at moment: Moment) -> OnConnected {
        switch self.state {
        case .up: return .unchanged
        case .unknown:
            self.state = .up
            self.since = moment
            return .unchanged
        case .down:
            let out = moment.now - self.since.now
            self.state = .up
            self.since = moment
            self.isOnProbation = true
            return .returned(after: out)
        }
    }

    /// Records that a request was answered. The next failure starts with the shortest delay.
    mutating func answered() { self.isOnProbation = false }

    private var doubled: TimeAmount { min(self.pause * 2, Self.longestPause) }
}
