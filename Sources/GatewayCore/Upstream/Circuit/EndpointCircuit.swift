import NIOCore
import Synchronization

/// The circuit breaker of one endpoint, shared by all workers.
///
/// Requests read the state, and count their successes, without a lock as long as the circuit is closed and nothing has
/// failed recently.
package final class EndpointCircuit: Sendable {
    private struct Machine {
        /// Nil if the upstream has no circuit breaker.
        var breaker: CircuitBreaker?
        var hasLeft = false
    }

    /// What requests read without the lock: the number of the breaker, whether it needs each success, and its state.
    private struct Summary: RawRepresentable {
        var rawValue: UInt64

        init(rawValue: UInt64) { self.rawValue = rawValue }

        init(number: UInt32, needsSuccesses: Bool = false, state: UInt64 = 0) {
            self.rawValue = UInt64(number) << 3 | (needsSuccesses ? 4 : 0) | state
        }

        init(_ breaker: CircuitBreaker) {
            let state: UInt64 =
                switch breaker.state {
                case .closed: 0
                case .halfOpen(_, let isProbing): isProbing ? 3 : 1
                case .open: 2
                }
            self.init(number: breaker.number, needsSuccesses: breaker.needsSuccesses, state: state)
        }

        var number: UInt32 { UInt32(truncatingIfNeeded: self.rawValue >> 3) }
        var isClosed: Bool { self.rawValue & 3 == 0 }
        /// Half open, with room for a request.
        var takesProbe: Bool { self.rawValue & 3 == 1 }
        var isOpen: Bool { self.rawValue & 3 == 2 }
    }

    /// Room among the endpoints that may be out. An endpoint that has left the group gets none.
    private struct Room {
        let group: CircuitGroup
        let isGone: Bool

        func take() -> Bool { !self.isGone && self.group.takeRoom() }
    }

    private let changes: EndpointChanges
    private let machine: Mutex<Machine>
    private let summary = Atomic<UInt64>(0)
    /// Successes of the current slot that the breaker has not counted yet: the slot, then 40 bits for their number.
    private let pending = Atomic<UInt64>(0)

    private static let countBits: UInt64 = 40
    private static let countMask: UInt64 = 1 << countBits - 1

    init(_ changes: EndpointChanges) {
        let group = changes.circuits
        self.changes = changes
        self.machine = Mutex(Machine(breaker: group.settings.map { CircuitBreaker($0.breaker) }))
        group.join()
    }

    /// An endpoint of a configuration that was not applied.
    deinit { self.leave() }

    private var group: CircuitGroup { self.changes.circuits }

    /// Why requests do not go to the endpoint, if they do not.
    var availability: EndpointAvailability {
        let summary = Summary(rawValue: self.summary.load(ordering: .relaxed))
        if summary.isClosed { return [] }
        return summary.isOpen ? .circuitOpen : .circuitHalfOpen
    }

    /// Whether the circuit is half open and admits a request now.
    var takesProbe: Bool { Summary(rawValue: self.summary.load(ordering: .relaxed)).takesProbe }

    /// Nil if the upstream has no circuit breaker.
    package var breaker: CircuitBreaker? { self.machine.withLock { $0.breaker } }

    // MARK: Requests

    func request() -> CircuitBreaker.OnRequest {
        let summary = Summary(rawValue: self.summary.load(ordering: .relaxed))
        if summary.isClosed { return .admitted(summary.number) }
        guard summary.takesProbe else { return .refused }
        return self.change { breaker, _ in breaker.request() } ?? .admitted(0)
    }

    /// - Parameter width: The length of a slot in nanoseconds, as the settings imply it.
    func succeeded(_ number: UInt32, at now: NIODeadline, slotsOf width: UInt64) -> CircuitBreaker.OnOutcome {
        if self.summary.load(ordering: .relaxed) == Summary(number: number).rawValue {
            let pending = self.pending.load(ordering: .relaxed)
            if pending & ~Self.countMask == (now.uptimeNanoseconds / width) << Self.countBits {
                self.pending.add(1, ordering: .relaxed)
                return .unchanged
            }
        }
        return self.judge(at: now) { $0.succeeded(number, at: $1, takeRoom: $2.take) }
    }

    func failed(_ number: UInt32, _ failure: CircuitBreaker.Failure, at now: NIODeadline) -> CircuitBreaker.OnOutcome {
        self.judge(at: now) { $0.failed(number, failure, at: $1, takeRoom: $2.take) }
    }

    func abandoned(_ number: UInt32) { self.change { breaker, _ in breaker.abandoned(number) } }

    func waited(_ number: UInt32) -> CircuitBreaker.OnWaited {
        let result = self.change { breaker, _ in breaker.waited(number) } ?? .unchanged
        if result == .halfOpen { self.changes.announce() }
        return result
    }

    // MARK: Changes

    private func judge(
        at now: NIODeadline,
        _ body: (inout CircuitBreaker, EndpointHealth.Moment, Room) -> CircuitBreaker.OnOutcome
    ) -> CircuitBreaker.OnOutcome {
        let moment = EndpointHealth.Moment(now: now, time: Platform.unixMilliseconds())
        let result = self.change { breaker, room in
            self.collectPending(into: &breaker, at: now)
            return body(&breaker, moment, room)
        }
        guard let result, result != .unchanged else { return .unchanged }
        self.changes.announce()
        return result
    }

    /// - Returns: Nil if there is no circuit breaker.
    @discardableResult
    private func change<Result>(_ body: (inout CircuitBreaker, Room) -> Result) -> Result? {
        self.machine.withLock { machine in
            guard var breaker = machine.breaker else { return nil }
            machine.breaker = nil
            let wasOut = breaker.state != .closed
            let result = body(&breaker, Room(group: self.group, isGone: machine.hasLeft))
            if wasOut, breaker.state == .closed, !machine.hasLeft { self.group.returnRoom() }
            self.summary.store(Summary(breaker).rawValue, ordering: .relaxed)
            machine.breaker = breaker
            return result
        }
    }

    /// Moves the pending successes into the breaker, and starts to collect those of the current slot.
    private func collectPending(into breaker: inout CircuitBreaker, at now: NIODeadline) {
        let slot = breaker.slot(at: now)
        let pending = self.pending.exchange(slot << Self.countBits, ordering: .relaxed)
        let count = pending & Self.countMask
        // Only the low bits of the slot were stored. It is the last one with these bits.
        let age = (slot &- pending >> Self.countBits) & (.max >> Self.countBits)
        guard count > 0, age <= slot else { return }
        breaker.count(successes: Int(clamping: count), in: slot - age)
    }

    /// Applies the settings of the group.
    func configure() {
        let isReturned = self.machine.withLock { machine -> Bool in
            guard let settings = self.group.settings?.breaker else {
                let isOut = machine.breaker.map { $0.state != .closed } ?? false
                machine.breaker = nil
                self.summary.store(0, ordering: .relaxed)
                if isOut, !machine.hasLeft { self.group.returnRoom() }
                return isOut
            }
            machine.breaker?.change(settings)
            if machine.breaker == nil { machine.breaker = CircuitBreaker(settings) }
            return false
        }
        if isReturned { self.changes.announce() }
    }

    /// Leaves the group: the endpoint was removed. It finishes its requests.
    func leave() {
        self.machine.withLock { machine in
            guard !machine.hasLeft else { return }
            machine.hasLeft = true
            if let breaker = machine.breaker, breaker.state != .closed { self.group.returnRoom() }
            self.group.leave()
        }
    }
}
