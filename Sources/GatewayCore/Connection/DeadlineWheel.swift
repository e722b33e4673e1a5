import NIOCore

/// An object with a deadline.
protocol DeadlineOwner: AnyObject {
    /// Called when the deadline of the owner's slot has passed, once for each deadline that is set.
    func deadlineReached(now: NIODeadline)
}

/// The deadlines of one event loop. They share one timer, which is scheduled only while there is a deadline.
package final class DeadlineWheel {
    /// Identifies an owner's deadline for the lifetime of the owner.
    struct Slot: Hashable {
        let index: Int
    }

    private let eventLoop: any EventLoop
    private var machine: StateMachine
    private var owners: ContiguousArray<(any DeadlineOwner)?> = []
    private var timer: Scheduled<Void>?
    private var timerAt = NIODeadline.distantFuture
    private var expired: [Slot] = []
    private var isStopped = false

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.machine = StateMachine(now: eventLoop.now)
    }

    func makeSlot() -> Slot { self.machine.makeSlot() }

    func own(_ slot: Slot, _ owner: any DeadlineOwner) {
        while self.owners.count <= slot.index { self.owners.append(nil) }
        self.owners[slot.index] = owner
    }

    func free(_ slot: Slot) {
        self.owners[slot.index] = nil
        self.machine.free(slot)
    }

    /// Sets the slot's deadline; `.distantFuture` means none.
    func set(_ slot: Slot, to deadline: NIODeadline) {
        switch self.machine.set(slot, to: deadline) {
        case .unchanged: break
        case .wake(let time): self.wake(at: time)
        }
    }

    private func wake(at time: NIODeadline) {
        guard time < self.timerAt, !self.isStopped else { return }
        self.timer?.cancel()
        self.timerAt = time
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.turn() }
    }

    private func turn() {
        self.timer = nil
        self.timerAt = .distantFuture
        let now = self.eventLoop.now
        self.machine.advance(to: now, expired: &self.expired)
        let due = self.expired
        self.expired.removeAll(keepingCapacity: true)
        for slot in due { self.owners[slot.index]?.deadlineReached(now: now) }
        if let next = self.machine.nextWake() { self.wake(at: next) }
    }

    /// Releases all owners, so that none is called again. An owner may call this while its deadline is handled.
    package func stop() {
        self.isStopped = true
        self.timer?.cancel()
        self.timer = nil
        for index in self.owners.indices { self.owners[index] = nil }
    }
}

@available(*, unavailable)
extension DeadlineWheel: Sendable {}
