/// A moment, for durations and for people.
package struct AlertMoment: Hashable, Sendable {
    /// Nanoseconds on a clock that never goes back.
    package let clock: Int64
    /// Milliseconds since 1970.
    package let wall: Int64

    package init(clock: Int64, wall: Int64) {
        self.clock = clock
        self.wall = wall
    }

    /// Nanoseconds, 0 or more.
    func elapsed(since other: AlertMoment) -> Int64 { max(0, self.clock - other.clock) }
}

/// The times of a rule, in nanoseconds.
package struct AlertTiming: Hashable, Sendable {
    package var holding: Int64
    package var resolving: Int64
    package var cooldown: Int64

    package init(holding: Int64 = 0, resolving: Int64 = 0, cooldown: Int64 = 0) {
        self.holding = holding
        self.resolving = resolving
        self.cooldown = cooldown
    }
}

/// The alert of one rule about one set of labels. A state machine: time is an argument.
package struct AlertInstance: Hashable, Sendable {
    package enum State: String, Sendable {
        case ok, pending, firing, resolved, flapping
        case noData = "no_data"
    }

    /// Where the condition is, apart from flapping.
    enum Phase: Hashable {
        /// Next: pending, firing, noData.
        case ok
        /// Next: pending, firing, ok.
        case noData
        /// The condition holds, not yet for long enough. Next: firing, ok, noData.
        case pending(since: AlertMoment)
        /// `overSince` is when the condition began to be over. Next: resolved.
        case firing(overSince: AlertMoment?)
        /// Next: pending, firing, and after a while ok, noData.
        case resolved
    }

    /// More changes than this within ``flappingSpan`` are flapping.
    static let mostChanges = 5
    static let flappingSpan: Int64 = 600_000_000_000
    /// How long `resolved` is shown, as Prometheus does.
    static let resolvedSpan: Int64 = 900_000_000_000

    var phase: Phase
    /// When alerts of this kind began and ended lately, at most ``mostChanges`` + 1 of them.
    var changes: [AlertMoment] = []
    var isFlapping = false
    /// When the visible state began.
    package internal(set) var since: AlertMoment
    /// The last value that was compared; NaN if there was none.
    package internal(set) var value = Double.nan
    /// Counts the firings, of which a phase of flapping is one.
    var episode = 0
    /// The firing that receivers were told of last; nil if they know that it is over.
    var told: Int?
    var lastNotice: AlertMoment?

    /// An alert before its first evaluation.
    package static func unknown(at now: AlertMoment) -> AlertInstance { AlertInstance(phase: .noData, since: now) }

    init(phase: Phase, since: AlertMoment) {
        self.phase = phase
        self.since = since
    }

    package var state: State {
        if self.isFlapping { return .flapping }
        switch self.phase {
        case .ok: return .ok
        case .noData: return .noData
        case .pending: return .pending
        case .firing: return .firing
        case .resolved: return .resolved
        }
    }

    /// Whether it counts as firing.
    package var isOpen: Bool { self.state == .firing || self.state == .flapping }

    // MARK: Evaluation

    package enum OnEvaluation: Equatable {
        case same
        case changed(from: State, to: State)
    }

    /// Notes what an evaluation found.
    ///
    /// - Parameters:
    ///   - holds: Whether the condition holds; nil if there is no data.
    ///   - isWarm: Whether there could be data. After a restart there is none for a while, which ends nothing.
    package mutating func evaluated(
        holds: Bool?,
        value: Double,
        isWarm: Bool,
        timing: AlertTiming,
        at now: AlertMoment
    ) -> OnEvaluation {
        let before = self.state
        self.value = value
        switch (self.phase, holds) {
        case (.pending, nil) where !isWarm, (.firing, nil) where !isWarm: break
        case (.firing(let overSince), _):
            self.stillFiring(overSince, holds: holds == true, timing, at: now)
        case (.pending(let since), true?):
            if now.elapsed(since: since) >= timing.holding { self.fire(at: now) }
        case (_, true?):
            if timing.holding > 0 { self.phase = .pending(since: now) } else { self.fire(at: now) }
        case (.resolved, _) where now.elapsed(since: self.since) < Self.resolvedSpan || self.isFlapping: break
        case (_, false?): self.phase = .ok
        case (_, nil): self.phase = .noData
        }
        if self.isFlapping, let last = self.changes.last, now.elapsed(since: last) >= Self.flappingSpan {
            self.isFlapping = false
            self.changes = []
            // Whatever came after it was not seen.
            if self.phase == .ok || self.phase == .noData { self.phase = .resolved }
        }
        guard self.state != before else { return .same }
        self.since = now
        return .changed(from: before, to: self.state)
    }

    private mutating func stillFiring(
        _ overSince: AlertMoment?,
        holds: Bool,
        _ timing: AlertTiming,
        at now: AlertMoment
    ) {
        if holds {
            self.phase = .firing(overSince: nil)
        } else if now.elapsed(since: overSince ?? now) >= timing.resolving {
            self.phase = .resolved
            self.noteChange(at: now)
        } else {
            self.phase = .firing(overSince: overSince ?? now)
        }
    }

    private mutating func fire(at now: AlertMoment) {
        self.phase = .firing(overSince: nil)
        if !self.isFlapping { self.episode += 1 }
        self.noteChange(at: now)
    }

    private mutating func noteChange(at now: AlertMoment) {
        self.changes.append(now)
        if self.changes.count > Self.mostChanges + 1 { self.changes.removeFirst() }
        guard !self.isFlapping, self.changes.count > Self.mostChanges,
            now.elapsed(since: self.changes[0]) <= Self.flappingSpan
        else { return }
        self.isFlapping = true
        self.episode += 1
    }

    // MARK: Notices

    package enum OnNotice: Equatable {
        case none
        case firing
        case resolved
    }

    /// Decides what to tell now. Call it after each evaluation.
    ///
    /// What is not told because of a silence is told when that ends, if it is still so. An alert that fires again within
    /// the cooldown is told when that ends, if it still fires, and is not told if it was over before.
    package mutating func notice(isSilenced: Bool, timing: AlertTiming, at now: AlertMoment) -> OnNotice {
        if isSilenced { return .none }
        if self.isOpen {
            if self.told == self.episode { return .none }
            if let last = self.lastNotice, now.elapsed(since: last) < timing.cooldown { return .none }
            self.told = self.episode
            self.lastNotice = now
            return .firing
        }
        guard self.told != nil else { return .none }
        self.told = nil
        self.lastNotice = now
        return .resolved
    }

    /// When the next evaluation can change something without a new value; nil if it cannot.
    package func due(timing: AlertTiming) -> Int64? {
        switch self.phase {
        case .pending(let since): since.clock + timing.holding
        case .firing(let overSince?): overSince.clock + timing.resolving
        default: nil
        }
    }
}
