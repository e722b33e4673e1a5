package import NIOCore

/// What is known of one endpoint: whether it can be reached, since when, and when to try it again.
///
/// An endpoint that fails leaves the rotation. After a second a connection is tried in the background; while that fails,
/// the pause doubles, up to half a minute. Any successful connection brings the endpoint back at once.
/// The next failure doubles the pause further, unless the endpoint has answered a request in between.
package struct EndpointHealth: Sendable, Equatable {
    /// A moment on both clocks: one to wait by, one to show.
    package struct Moment: Sendable, Equatable {
        package var now: NIODeadline
        /// Milliseconds since 1970.
        package var time: Int64

        package static func + (moment: Moment, amount: TimeAmount) -> Moment {
            Moment(now: moment.now + amount, time: moment.time + amount.nanoseconds / 1_000_000)
        }
    }

    package enum State: Sendable, Equatable {
        /// Nobody has tried it yet; it is in the rotation. Next: up, down.
        case unknown
        /// Next: down.
        case up
        /// Out of the rotation. Next: up.
        case down(UpstreamFailure, nextTry: Moment)
    }

    static let firstPause = TimeAmount.seconds(1)
    static let longestPause = TimeAmount.seconds(30)

    package private(set) var state = State.unknown
    /// When the state began.
    package private(set) var since: Moment
    /// The last time that it failed.
    private(set) var failedAt = NIODeadline.distantPast
    /// It came back and has answered nothing yet.
    private(set) var isOnProbation = false
    private var pause = Self.firstPause

    package init(since: Moment) { self.since = since }

    var isInRotation: Bool {
        switch self.state {
        case .unknown, .up: true
        case .down: false
        }
    }

    package enum OnFailed: Equatable {
        /// It is out already, or the failure is older than what is known by now.
        case unchanged
        /// It leaves the rotation: connect to it in the background after this time.
        case left(retryAfter: TimeAmount)
    }

    /// A connection could not be made, or one was lost that should have had an answer.
    ///
    /// - Parameter begun: when the attempt began. A failure that began before the endpoint came back says nothing new.
    package mutating func failed(_ failure: UpstreamFailure, begun: NIODeadline, at moment: Moment) -> OnFailed {
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

    /// The background connection of an endpoint that is out has failed too.
    ///
    /// - Returns: after what time the next one is due; nil where the endpoint is back by other means.
    mutating func probeFailed(_ failure: UpstreamFailure, at moment: Moment) -> TimeAmount? {
        guard case .down = self.state else { return nil }
        self.pause = self.doubled
        self.failedAt = moment.now
        self.state = .down(failure, nextTry: moment + self.pause)
        return self.pause
    }

    package enum OnConnected: Equatable {
        case unchanged
        /// It is back in the rotation.
        case returned(after: TimeAmount)
    }

    /// A connection was made.
    package mutating func connected(at moment: Moment) -> OnConnected {
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

    /// A request was answered: the next failure begins with the shortest pause.
    package mutating func answered() { self.isOnProbation = false }

    private var doubled: TimeAmount { min(self.pause * 2, Self.longestPause) }
}
