import NIOCore
import Synchronization

/// Limits the connections of all workers to one target, and the requests that wait for a connection. A target with
/// several addresses has one set of permits; each worker joins once per address.
///
/// A connection belongs to the event loop that opened it, so workers exchange permits instead of connections. A
/// worker whose requests wait for lack of permits announces how many it needs. Workers with idle connections then
/// close some of them. A permit that becomes free is granted to the worker in need, so no other worker can take it
/// first.
///
/// Reusing a connection does not involve permits, and returning one to the pool reads a single atomic. The lock is
/// taken only to open and close connections, and when the limit is reached.
package final class ConnectionPermits: Sendable {
    private struct Account {
        /// Nil once the worker has left.
        var poke: (@Sendable () -> Void)?
        /// Permits in use, including granted ones.
        package var held = 0
        /// Permits granted but not yet claimed.
        var granted = 0
        /// How many more permits the worker could use. `since` is when its oldest request began to wait.
        var need = 0
        var since = NIODeadline.distantFuture
        /// The worker was poked and has not responded yet.
        var isPoked = false
        /// The worker had no idle connection when it last checked, and keeps none while other workers need permits.
        var hasNoneIdle = false
    }

    private struct Ledger {
        package var limit: Int
        var taken = 0
        var accounts: [Account] = []
        /// Connections that are closing to free permits for other workers.
        var reclaiming = 0

        var totalNeed: Int { accounts.reduce(0) { $0 + $1.need } }
        /// Connections that must close because the limit was lowered.
        var excess: Int { max(0, taken - limit) }
        var workers: Int { accounts.count { $0.poke != nil } }

        mutating func poke(_ index: Int) -> (@Sendable () -> Void)? {
            if accounts[index].isPoked { return nil }
            accounts[index].isPoked = true
            return accounts[index].poke
        }

        /// The permits that each worker may hold while others need some. At least one, even if there are more workers
        /// than permits.
        var share: Int { max(1, limit / max(1, workers)) }
    }

    private let pendingLimit: Atomic<Int>
    private let ledger: Mutex<Ledger>
    private let pending = Atomic<Int>(0)
    /// How many permits workers must give up. Read without the lock.
    private let needed = Atomic<Int>(0)

    /// Creates the permits of a target.
    ///
    /// - Parameters:
    ///   - limit: The maximum number of connections, at least 1.
    ///   - pendingLimit: The maximum number of requests that wait for a permit.
    init(limit: Int, pendingLimit: Int) {
        self.ledger = Mutex(Ledger(limit: max(1, limit)))
        self.pendingLimit = Atomic(pendingLimit)
    }

    /// Changes the limits. If there are more connections than allowed, workers close idle connections at once and
    /// busy ones after their responses.
    func change(limit: Int, pendingLimit: Int) {
        self.pendingLimit.store(pendingLimit, ordering: .relaxed)
        let pokes: [@Sendable () -> Void] = ledger.withLock { ledger in
            guard ledger.limit != max(1, limit) else { return [] }
            ledger.limit = max(1, limit)
            publish(ledger)
            var pokes = grantAll(&ledger)
            guard ledger.excess > 0 else { return pokes }
            for index in ledger.accounts.indices where ledger.accounts[index].held > 0 {
                ledger.accounts[index].hasNoneIdle = false
                if let poke = ledger.poke(index) { pokes.append(poke) }
            }
            return pokes
        }
        for poke in pokes { poke() }
    }

    private func publish(_ ledger: Ledger) {
        needed.store(ledger.totalNeed + ledger.excess, ordering: .relaxed)
    }

    /// The permits in use by all workers.
    var taken: Int { ledger.withLock { $0.taken } }
    /// The requests in the queues of all workers.
    package var waiting: Int { pending.load(ordering: .relaxed) }

    /// Adds a worker.
    ///
    /// - Parameter poke: Called on any thread when permits were granted to the worker, or when other workers need
    ///   some. It must schedule the machine's `poked()` on the worker's event loop, and must not call it directly.
    func join(poke: @escaping @Sendable () -> Void) -> Worker {
        ledger.withLock { ledger in
            // Reuse the account of a worker that left and returned its permits: the addresses of a name come and go.
            if let index = ledger.accounts.firstIndex(where: { $0.poke == nil && $0.held == 0 }) {
                ledger.accounts[index] = Account(poke: poke)
                return Worker(permits: self, index: index)
            }
            ledger.accounts.append(Account(poke: poke))
            return Worker(permits: self, index: ledger.accounts.count - 1)
        }
    }

    /// The access of one worker to the permits.
    struct Worker: Sendable {
        fileprivate let permits: ConnectionPermits
        fileprivate let index: Int

        /// Takes a permit for a new connection, if one is free.
        func tryTake() -> Bool { permits.tryTake(index) }

        /// Returns the permit of a connection that closed or was never opened.
        ///
        /// - Parameter reclaimed: Whether the connection closed because of `tryReclaim`.
        func give(reclaimed: Bool = false) { permits.give(index, reclaimed: reclaimed) }

        /// Announces how many more permits the worker could use.
        func need(_ count: Int, since: NIODeadline) { permits.need(index, count, since) }

        /// Claims the permits granted since the last call.
        func claim() -> Int { permits.claim(index) }

        /// Whether other workers may need permits. Read without the lock, so it can be out of date: a worker that
        /// needs a permit later pokes the others.
        func othersNeed(beside own: Int) -> Bool { permits.needed.load(ordering: .relaxed) > own }

        /// Returns whether the worker must close a connection for another worker. The permit is then returned with
        /// `give`.
        ///
        /// - Parameter oldest: When the oldest waiting request of this worker began to wait, or nil if none waits. A
        ///   worker with waiting requests gives up a connection only if it is above its share and the other worker is
        ///   below its own. If there are fewer permits than workers, it also gives one up to a worker that has none
        ///   and has waited longer.
        func tryReclaim(oldest: NIODeadline?) -> Bool { permits.tryReclaim(index, oldest: oldest) }

        /// Reports that no connection is idle. The worker is not poked for idle connections until it may have some
        /// again.
        func hasNoneIdle() { permits.hasNoneIdle(index) }

        /// Takes a slot in the queue, if one is free.
        func tryQueue() -> Bool { permits.tryQueue() }

        /// Returns a slot in the queue.
        func unqueue() { permits.pending.subtract(1, ordering: .relaxed) }

        /// Removes the worker. It still returns its permits one by one; then its account can be reused.
        func leave() { permits.leave(index) }
    }

    private func tryTake(_ index: Int) -> Bool {
        ledger.withLock { ledger in
            guard ledger.taken < ledger.limit else { return false }
            ledger.taken += 1
            ledger.accounts[index].held += 1
            return true
        }
    }

    private func give(_ index: Int, reclaimed: Bool) {
        let poke = ledger.withLock { ledger in
            if reclaimed { ledger.reclaiming -= 1 }
            let hadExcess = ledger.excess > 0
            ledger.taken -= 1
            ledger.accounts[index].held -= 1
            if hadExcess { publish(ledger) }
            return grant(&ledger).flatMap { ledger.poke($0) }
        }
        poke?()
    }

    private func need(_ index: Int, _ count: Int, _ since: NIODeadline) {
        let pokes: [@Sendable () -> Void] = ledger.withLock { ledger in
            let before = ledger.accounts[index].need
            if ledger.totalNeed == 0 {
                for other in ledger.accounts.indices { ledger.accounts[other].hasNoneIdle = false }
            }
            ledger.accounts[index].need = max(0, count - ledger.accounts[index].granted)
            ledger.accounts[index].since = since
            publish(ledger)
            // A permit may have become free since the worker found none.
            var pokes = grantAll(&ledger)
            if ledger.accounts[index].need > before {
                for other in ledger.accounts.indices where other != index {
                    let account = ledger.accounts[other]
                    guard account.held > 0, !account.hasNoneIdle, let poke = ledger.poke(other) else { continue }
                    pokes.append(poke)
                }
            }
            return pokes
        }
        for poke in pokes { poke() }
    }

    private func claim(_ index: Int) -> Int {
        ledger.withLock { ledger in
            defer { ledger.accounts[index].granted = 0 }
            ledger.accounts[index].isPoked = false
            return ledger.accounts[index].granted
        }
    }

    private func tryReclaim(_ index: Int, oldest: NIODeadline?) -> Bool {
        ledger.withLock { ledger in
            let share = ledger.share
            var wanted = ledger.excess
            for (other, account) in ledger.accounts.enumerated() where other != index && account.need > 0 {
                if let oldest {
                    let isAbove = ledger.accounts[index].held > share
                    let isFirst = ledger.limit < ledger.workers && account.since < oldest
                    guard isAbove || isFirst else { continue }
                    wanted += min(account.need, max(0, share - account.held))
                } else {
                    wanted += account.need
                }
            }
            guard wanted > ledger.reclaiming else {
                // The worker keeps an idle connection, so poke it on the next need.
                ledger.accounts[index].hasNoneIdle = false
                return false
            }
            ledger.reclaiming += 1
            return true
        }
    }

    private func hasNoneIdle(_ index: Int) {
        ledger.withLock { $0.accounts[index].hasNoneIdle = true }
    }

    private func tryQueue() -> Bool {
        if pending.add(1, ordering: .relaxed).newValue <= pendingLimit.load(ordering: .relaxed) { return true }
        pending.subtract(1, ordering: .relaxed)
        return false
    }

    private func leave(_ index: Int) {
        let pokes: [@Sendable () -> Void] = ledger.withLock { ledger in
            let granted = ledger.accounts[index].granted
            ledger.taken -= granted
            ledger.accounts[index].held -= granted
            ledger.accounts[index].granted = 0
            ledger.accounts[index].need = 0
            ledger.accounts[index].poke = nil
            publish(ledger)
            return grantAll(&ledger)
        }
        for poke in pokes { poke() }
    }

    private func grantAll(_ ledger: inout Ledger) -> [@Sendable () -> Void] {
        var pokes: [@Sendable () -> Void] = []
        while let index = grant(&ledger) {
            if let poke = ledger.poke(index) { pokes.append(poke) }
        }
        return pokes
    }

    /// Grants one free permit. Workers below their share come first, then the worker that has waited longest.
    ///
    /// - Returns: The worker that must be poked, or nil if no permit was granted.
    private func grant(_ ledger: inout Ledger) -> Int? {
        // There may be one account for each client connection.
        guard ledger.taken < ledger.limit, self.needed.load(ordering: .relaxed) > 0 else { return nil }
        let share = ledger.share
        var best: Int?
        for (index, account) in ledger.accounts.enumerated() where account.need > 0 {
            guard let leader = best.map({ ledger.accounts[$0] }) else {
                best = index
                continue
            }
            let isBelow = account.held < share
            let leaderIsBelow = leader.held < share
            if isBelow != leaderIsBelow ? isBelow : account.since < leader.since { best = index }
        }
        guard let best else { return nil }
        ledger.taken += 1
        ledger.accounts[best].held += 1
        ledger.accounts[best].granted += 1
        ledger.accounts[best].need -= 1
        publish(ledger)
        return best
    }
}
