/// What the polls of one endpoint have shown: whether it is up or down, since when, and how many polls in a row
/// succeeded or failed.
package struct PolledHealth: Sendable, Equatable {
    package enum State: String, Sendable {
        /// No verdict yet. Next: up after one success, down after `unhealthyAfter` failures in a row.
        case unknown
        /// Next: down after `unhealthyAfter` failures in a row.
        case up
        /// Next: up after `healthyAfter` successes in a row.
        case down
    }

    package struct Thresholds: Sendable, Equatable {
        package var healthyAfter: Int
        package var unhealthyAfter: Int

        package init(healthyAfter: Int, unhealthyAfter: Int) {
            self.healthyAfter = healthyAfter
            self.unhealthyAfter = unhealthyAfter
        }
    }

    package private(set) var state = State.unknown
    /// When the state began.
    package private(set) var since: EndpointHealth.Moment
    /// The number of successes since the last failure.
    package private(set) var successes = 0
    /// The number of failures since the last success.
    package private(set) var failures = 0

    package init(since: EndpointHealth.Moment) { self.since = since }

    package enum OnResult: Equatable, Sendable {
        case unchanged
        /// The first verdict: the endpoint is up.
        case confirmed
        /// The endpoint was down and is up again.
        case recovered
        case wentDown
    }

    mutating func succeeded(_ thresholds: Thresholds, at moment: EndpointHealth.Moment) -> OnResult {
        self.failures = 0
        self.successes += 1
        switch self.state {
        case .unknown:
            self.enter(.up, at: moment)
            return .confirmed
        case .down where self.successes >= thresholds.healthyAfter:
            self.enter(.up, at: moment)
            return .recovered
        case .up, .down: return .unchanged
        }
    }

    mutating func failed(_ thresholds: Thresholds, at moment: EndpointHealth.Moment) -> OnResult {
        self.successes = 0
        self.failures += 1
        guard self.state != .down, self.failures >= thresholds.unhealthyAfter else { return .unchanged }
        self.enter(.down, at: moment)
        return .wentDown
    }

    /// Shows the state of a group of endpoints instead of one.
    mutating func summarize(_ state: State, since: EndpointHealth.Moment) {
        self.state = state
        self.since = since
    }

    private mutating func enter(_ state: State, at moment: EndpointHealth.Moment) {
        self.state = state
        self.since = moment
    }
}
