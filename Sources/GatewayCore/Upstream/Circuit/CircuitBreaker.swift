import NIOCore

/// The circuit breaker of one endpoint: whether requests go to it, judged by how the requests before them ended.
///
/// Each request that it admits has a number. An outcome counts only if its number is that of the current state, so that
/// a request that began before the circuit opened cannot close it, and no probe is counted twice.
package struct CircuitBreaker: Sendable, Equatable {
    struct Settings: Sendable, Equatable {
        var failures = 5
        /// 0: not measured.
        var errorRate = 0.5
        var window = TimeAmount.seconds(10)
        var minRequests = 20
        var openFor = TimeAmount.seconds(10)
        var maxOpen = TimeAmount.minutes(5)
        var probes = 1
    }

    /// Why a request counts as failed.
    package enum Failure: Sendable, Equatable, CustomStringConvertible {
        case upstream(UpstreamFailure)
        case status(Int)

        package var description: String {
            switch self {
            case .upstream(let failure): failure.rawValue
            case .status(let status): "status \(status)"
            }
        }
    }

    package enum State: Sendable, Equatable {
        /// Next: open.
        case closed
        /// Admits no request. Next: half open.
        case open(until: EndpointHealth.Moment)
        /// Admits one request at a time. Next: closed, open.
        case halfOpen(successes: Int, isProbing: Bool)
    }

    private(set) var settings: Settings
    private(set) var state = State.closed
    /// The number of the requests that are admitted now. Each state and each probe has another.
    private(set) var number: UInt32 = 0
    /// Failures in a row: so far, or when the circuit opened.
    private(set) var failures = 0
    /// Why the last request failed.
    private(set) var lastFailure: Failure?
    private var outcomes: RecentOutcomes
    private var pause: TimeAmount

    init(_ settings: Settings) {
        self.settings = settings
        self.outcomes = RecentOutcomes(window: settings.window)
        self.pause = settings.openFor
    }

    /// Applies new settings. The state and, unless their window changes, the counts stay.
    mutating func change(_ settings: Settings) {
        if settings.window != self.settings.window { self.outcomes = RecentOutcomes(window: settings.window) }
        self.settings = settings
    }

    /// Whether a success would change more than the count of successes.
    private(set) var needsSuccesses = false

    // MARK: Requests

    enum OnRequest: Equatable {
        case admitted(UInt32)
        /// Admitted alone. Its end has to be reported, even without an outcome.
        case probe(UInt32)
        case refused
    }

    mutating func request() -> OnRequest {
        switch self.state {
        case .closed: return .admitted(self.number)
        case .open, .halfOpen(_, isProbing: true): return .refused
        case .halfOpen(let successes, isProbing: false):
            self.number &+= 1
            self.state = .halfOpen(successes: successes, isProbing: true)
            return .probe(self.number)
        }
    }

    enum OnOutcome: Equatable {
        case unchanged
        case opened(for: TimeAmount)
        case closed
    }

    /// Records that a request succeeded.
    ///
    /// - Parameter takeRoom: Takes room among the endpoints that may be out. False if there is none.
    mutating func succeeded(
        _ number: UInt32,
        at moment: EndpointHealth.Moment,
        takeRoom: () -> Bool
    ) -> OnOutcome {
        guard number == self.number else { return .unchanged }
        switch self.state {
        case .open: return .unchanged
        case .closed:
            self.failures = 0
            self.outcomes.count(successes: 1, in: self.outcomes.slot(at: moment.now))
            return self.openIfNeeded(at: moment, takeRoom)
        case .halfOpen(let successes, _):
            if successes + 1 < self.settings.probes {
                self.number &+= 1
                self.state = .halfOpen(successes: successes + 1, isProbing: false)
                return .unchanged
            }
            self.close()
            return .closed
        }
    }

    /// Records that a request failed.
    ///
    /// - Parameter takeRoom: Takes room among the endpoints that may be out. False if there is none.
    mutating func failed(
        _ number: UInt32,
        _ failure: Failure,
        at moment: EndpointHealth.Moment,
        takeRoom: () -> Bool
    ) -> OnOutcome {
        guard number == self.number else { return .unchanged }
        switch self.state {
        case .open: return .unchanged
        case .closed:
            self.lastFailure = failure
            self.failures += 1
            self.outcomes.count(failures: 1, in: self.outcomes.slot(at: moment.now))
            return self.openIfNeeded(at: moment, takeRoom)
        case .halfOpen:
            self.lastFailure = failure
            self.failures += 1
            self.pause = min(self.pause * 2, max(self.settings.maxOpen, self.settings.openFor))
            return self.open(at: moment)
        }
    }

    /// Records that a probe ended without an outcome: another request may be the next one.
    mutating func abandoned(_ number: UInt32) {
        guard number == self.number, case .halfOpen(let successes, isProbing: true) = self.state else { return }
        self.number &+= 1
        self.state = .halfOpen(successes: successes, isProbing: false)
    }

    /// Counts successes that were collected elsewhere.
    mutating func count(successes: Int, in slot: UInt64) {
        guard case .closed = self.state else { return }
        self.outcomes.count(successes: successes, in: slot)
    }

    /// The slot that counts a success now.
    func slot(at now: NIODeadline) -> UInt64 { self.outcomes.slot(at: now) }

    /// The outcomes that count at this time.
    func total(at now: NIODeadline) -> (successes: Int, failures: Int) { self.outcomes.total(at: now) }

    // MARK: States

    private mutating func openIfNeeded(at moment: EndpointHealth.Moment, _ takeRoom: () -> Bool) -> OnOutcome {
        let total = self.outcomes.total(at: moment.now)
        let count = total.successes + total.failures
        // Successes can reach the minimum. From then on they only lower the rate.
        let isShort = self.settings.errorRate > 0 && total.failures > 0 && count < self.settings.minRequests
        self.needsSuccesses = self.failures > 0 || isShort
        guard self.failures >= self.settings.failures || self.isRateReached(total.failures, of: count), takeRoom()
        else {
            return .unchanged
        }
        self.pause = self.settings.openFor
        return self.open(at: moment)
    }

    private func isRateReached(_ failures: Int, of count: Int) -> Bool {
        guard self.settings.errorRate > 0, failures > 0, count >= self.settings.minRequests else { return false }
        return Double(failures) >= self.settings.errorRate * Double(count) - 1e-9
    }

    private mutating func open(at moment: EndpointHealth.Moment) -> OnOutcome {
        self.number &+= 1
        self.state = .open(until: moment + self.pause)
        self.needsSuccesses = false
        return .opened(for: self.pause)
    }

    private mutating func close() {
        self.number &+= 1
        self.state = .closed
        self.failures = 0
        self.lastFailure = nil
        self.needsSuccesses = false
        self.outcomes = RecentOutcomes(window: self.settings.window)
        self.pause = self.settings.openFor
    }

    enum OnWaited: Equatable {
        case unchanged
        case halfOpen
    }

    /// Called when the time that ``OnOutcome/opened(for:)`` returned is over.
    ///
    /// - Parameter number: The number of the breaker when it opened.
    mutating func waited(_ number: UInt32) -> OnWaited {
        guard number == self.number, case .open = self.state else { return .unchanged }
        self.number &+= 1
        self.state = .halfOpen(successes: 0, isProbing: false)
        return .halfOpen
    }
}
