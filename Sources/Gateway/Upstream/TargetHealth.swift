import Synchronization

/// What is known of a target, for all workers: whether the last attempt to reach it came through.
final class TargetHealth: Sendable {
    private let reachable = Atomic(true)

    /// True until an attempt fails.
    var isUp: Bool { self.reachable.load(ordering: .relaxed) }

    func connected() { self.store(true) }

    func failed() { self.store(false) }

    /// Written only where it changes, so that busy loops do not pass the cache line around.
    private func store(_ value: Bool) {
        if self.isUp != value { self.reachable.store(value, ordering: .relaxed) }
    }
}
