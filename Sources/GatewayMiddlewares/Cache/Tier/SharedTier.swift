package import GatewayCache
package import NIOCore
import Synchronization

/// The second tier as all workers see it: which values may be read, and the purges on their way.
package final class SharedTier: Sendable {
    package let names: TierNames
    /// The time limit of a look-up.
    package let limit: TimeAmount
    private let state: Mutex<State>
    private let ready = Atomic(false)
    private let newest = Atomic<UInt64>(0)
    private let apply: @Sendable (Purge) -> Void

    private struct State {
        var purges: TierPurges
        /// Whether look-ups wait until the first purges were read: only at start, and not if Redis is away.
        var isJoining = true
        var waiting: [@Sendable (Bool) -> Void] = []
        /// Sends what waits.
        var send: (@Sendable () -> Void)?
        /// Those who want to know whether Redis has a purge, by its number.
        var confirmations: [(number: UInt64, done: @Sendable (Bool) -> Void)] = []

        /// Returns those who can be told.
        mutating func settle() -> [(Bool, @Sendable (Bool) -> Void)] {
            if self.confirmations.isEmpty { return [] }
            var settled: [(Bool, @Sendable (Bool) -> Void)] = []
            self.confirmations.removeAll { number, done in
                let isWaiting = self.purges.isWaiting(number)
                guard !isWaiting || self.purges.isAway else { return false }
                settled.append((!isWaiting, done))
                return true
            }
            return settled
        }
    }

    /// - Parameters:
    ///   - gateway: A random number.
    ///   - apply: Purges the memory of this gateway.
    package init(names: TierNames, limit: TimeAmount, gateway: UInt64, apply: @escaping @Sendable (Purge) -> Void) {
        self.names = names
        self.limit = limit
        self.state = Mutex(State(purges: TierPurges(gateway: gateway)))
        self.apply = apply
    }

    /// Whether values may be read.
    package var isReady: Bool { self.ready.load(ordering: .relaxed) }

    /// The last purge that is known. A value that is written must carry what this was when its request was sent.
    package var seen: TierStamp { TierStamp(rawValue: self.newest.load(ordering: .relaxed)) }

    package var unconfirmed: Int { self.state.withLock(\.purges.unconfirmed) }

    package func standing(of value: StoredValue.Response) -> TierPurges.Standing {
        self.state.withLock { $0.purges.standing(of: value) }
    }

    /// Calls `body` once values may be read. Calls it with false if that is not to be expected soon.
    func whenReady(_ body: @escaping @Sendable (Bool) -> Void) {
        let isReady: Bool? = self.state.withLock { state in
            if state.purges.isReady { return true }
            guard state.isJoining else { return false }
            state.waiting.append(body)
            return nil
        }
        if let isReady { body(isReady) }
    }

    /// Lets nobody wait any longer.
    func stopJoining() { self.change(stopsJoining: true) { _ in } }

    /// Shares a purge with all gateways, now or once Redis is back. The memory of this one is the caller's business, and comes
    /// second: what is found here must not be put there after it was purged.
    ///
    /// - Returns: Its number, for ``isConfirmed(_:)``.
    @discardableResult
    package func purge(_ purge: Purge) -> UInt64 {
        let (number, send) = self.state.withLock { state in
            (state.purges.purge(purge), state.purges.isAway ? nil : state.send)
        }
        send?()
        return number
    }

    /// Returns whether Redis has a purge. Waits for it up to ``limit``, unless Redis is away.
    package func isConfirmed(_ number: UInt64) async -> Bool {
        let limit = Duration.nanoseconds(self.limit.nanoseconds)
        return await withCheckedContinuation { continuation in
            let isConfirmed: Bool? = self.state.withLock { state in
                guard state.purges.isWaiting(number) else { return true }
                guard !state.purges.isAway else { return false }
                state.confirmations.append((number, { continuation.resume(returning: $0) }))
                return nil
            }
            if let isConfirmed { return continuation.resume(returning: isConfirmed) }
            Task {
                try? await Task.sleep(for: limit)
                self.giveUp(number)
            }
        }
    }

    private func giveUp(_ number: UInt64) {
        let waiting = self.state.withLock { state in
            let waiting = state.confirmations.filter { $0.number == number }
            state.confirmations.removeAll { $0.number == number }
            return waiting
        }
        for (_, done) in waiting { done(false) }
    }

    func onPurge(_ send: (@Sendable () -> Void)?) { self.state.withLock { $0.send = send } }

    /// Purges the memory of this gateway, as others have purged theirs.
    func purgeMemory(_ purges: [Purge]) {
        // Only those of URLs are cheap.
        let sweeps = purges.count { purge in if case .url = purge.subject { false } else { true } }
        guard sweeps <= Self.mostSweeps else { return self.apply(Purge(.all)) }
        for purge in purges { self.apply(purge) }
    }

    /// If more purges were missed than this, everything is purged instead.
    private static let mostSweeps = 100

    /// Changes what is known about purges, and tells those who wait.
    @discardableResult
    func change<Result: Sendable>(
        stopsJoining: Bool = false,
        _ body: (inout TierPurges) -> sending Result
    ) -> Result {
        let (result, isReady, waiting, settled) = self.state.withLock { state in
            let result = body(&state.purges)
            let isReady = state.purges.isReady
            let settled = state.settle()
            self.ready.store(isReady, ordering: .relaxed)
            self.newest.store(state.purges.seen.rawValue, ordering: .relaxed)
            guard isReady || stopsJoining else {
                return (result, isReady, [@Sendable (Bool) -> Void](), settled)
            }
            state.isJoining = false
            let waiting = state.waiting
            state.waiting = []
            return (result, isReady, waiting, settled)
        }
        for (isConfirmed, done) in settled { done(isConfirmed) }
        for body in waiting { body(isReady) }
        return result
    }
}
