import NIOCore

/// Something that waits for others, and must not do so for ever.
protocol DeadlineOwner: AnyObject {
    /// The slot's deadline has passed. It is called once for each deadline that is set.
    func deadlineReached(now: NIODeadline)
}

/// One event loop's deadlines, on at most one timer of the loop; none runs while nothing waits.
final class DeadlineWheel {
    /// A place for one deadline, kept for as long as its owner lives.
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

    /// Moves the slot's deadline; `.distantFuture` is none.
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

    /// The loop is going away. It may be an owner whose deadline has passed that brings this about; the others keep their
    /// slots, and hear of nothing more.
    func stop() {
        self.isStopped = true
        self.timer?.cancel()
        self.timer = nil
        for index in self.owners.indices { self.owners[index] = nil }
    }
}

@available(*, unavailable)
extension DeadlineWheel: Sendable {}
