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

    /// Shares a purge with all gateways. The memory of this one is the caller's business.
    ///
    /// - Returns: Whether Redis gets it later, because it is away.
    @discardableResult
    package func purge(_ purge: Purge) -> Bool {
        let send = self.state.withLock { state in
            state.purges.purge(purge)
            return state.purges.isReady ? state.send : nil
        }
        send?()
        return send == nil
    }

    func onPurge(_ send: @escaping @Sendable () -> Void) { self.state.withLock { $0.send = send } }

    /// Purges the memory of this gateway, as others have purged theirs.
    func purgeMemory(_ purges: [Purge]) { for purge in purges { self.apply(purge) } }

    /// Changes what is known about purges, and tells those who wait.
    @discardableResult
    func change<Result: Sendable>(
        stopsJoining: Bool = false,
        _ body: (inout TierPurges) -> sending Result
    ) -> Result {
        let (result, isReady, waiting) = self.state.withLock { state in
            let result = body(&state.purges)
            let isReady = state.purges.isReady
            self.ready.store(isReady, ordering: .relaxed)
            self.newest.store(state.purges.seen.rawValue, ordering: .relaxed)
            guard isReady || stopsJoining else { return (result, isReady, [@Sendable (Bool) -> Void]()) }
            state.isJoining = false
            let waiting = state.waiting
            state.waiting = []
            return (result, isReady, waiting)
        }
        for body in waiting { body(isReady) }
        return result
    }
}
