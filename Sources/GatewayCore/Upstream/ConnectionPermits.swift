package import NIOCore
import Synchronization

/// How many connections to one target all workers together may have, and how many requests may wait for one. A target with
/// several addresses takes part once for each of them.
///
/// A connection belongs to the event loop it was made on, so that what wanders between workers is the permit to have
/// one. A worker whose requests wait for lack of permits says how many it needs. Workers with idle connections then
/// close some; a permit that becomes free is granted to the worker in need, and cannot be taken by another on the way.
///
/// Reusing a connection does not come here at all, and putting one back only reads one number. The lock is for making
/// and closing connections, and for when the limit is reached.
package final class ConnectionPermits: Sendable {
    private struct Account {
        /// Nil once the worker has left.
        var poke: (@Sendable () -> Void)?
        /// Permits in use, granted ones included.
        package var held = 0
        /// Granted and not yet claimed.
        var granted = 0
        /// Further permits it could use, and since when.
        package var need = 0
        package var since = NIODeadline.distantFuture
        /// It was called and has not looked yet.
        var isPoked = false
        /// It had no idle connection left when it last looked, and keeps none while others are in need.
        var hasNoneIdle = false
    }

    private struct Ledger {
        package var limit: Int
        package var taken = 0
        var accounts: [Account] = []
        /// Connections that are being closed for others.
        var reclaiming = 0

        var totalNeed: Int { accounts.reduce(0) { $0 + $1.need } }
        /// Connections that have to close because the limit was lowered.
        var excess: Int { max(0, taken - limit) }
        package var workers: Int { accounts.count { $0.poke != nil } }

        mutating func poke(_ index: Int) -> (@Sendable () -> Void)? {
            if accounts[index].isPoked { return nil }
            accounts[index].isPoked = true
            return accounts[index].poke
        }

        /// What each worker may have while others are in need. One, even where there are more workers than permits.
        package var share: Int { max(1, limit / max(1, workers)) }
    }

    private let pendingLimit: Atomic<Int>
    private let ledger: Mutex<Ledger>
    private let pending = Atomic<Int>(0)
    /// How many permits workers have to part with, to be read without the lock.
    private let needed = Atomic<Int>(0)

    /// - Parameters:
    ///   - limit: connections, at least 1.
    ///   - pendingLimit: requests that wait since there is no permit for another connection.
    package init(limit: Int, pendingLimit: Int) {
        self.ledger = Mutex(Ledger(limit: max(1, limit)))
        self.pendingLimit = Atomic(pendingLimit)
    }

    /// Changes the limits. Where there are more connections than allowed, workers close idle ones, and used ones after
    /// their responses.
    package func change(limit: Int, pendingLimit: Int) {
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

    /// Permits in use by all workers.
    package var taken: Int { ledger.withLock { $0.taken } }
    /// Requests in the queues of all workers.
    package var waiting: Int { pending.load(ordering: .relaxed) }

    /// Adds a worker.
    ///
    /// - Parameter poke: called on any thread when the worker is to look again: permits were granted to it, or others
    ///   need some of its own. It is to make its loop call the machine's `poked()`, and must not do so itself.
    func join(poke: @escaping @Sendable () -> Void) -> Worker {
        ledger.withLock { ledger in
            // The account of one that has left and has given everything back: addresses of a name come and go.
            if let index = ledger.accounts.firstIndex(where: { $0.poke == nil && $0.held == 0 }) {
                ledger.accounts[index] = Account(poke: poke)
                return Worker(permits: self, index: index)
            }
            ledger.accounts.append(Account(poke: poke))
            return Worker(permits: self, index: ledger.accounts.count - 1)
        }
    }

    /// One worker's way to the permits.
    package struct Worker: Sendable {
        fileprivate let permits: ConnectionPermits
        fileprivate let index: Int

        /// Takes a permit for a new connection.
        func tryTake() -> Bool { permits.tryTake(index) }

        /// Returns the permit of a connection that is closed or was never made.
        ///
        /// - Parameter reclaimed: it was closed since `tryReclaim` said so.
        package func give(reclaimed: Bool = false) { permits.give(index, reclaimed: reclaimed) }

        /// Says how many permits the worker could use beside its own.
        package func need(_ count: Int, since: NIODeadline) { permits.need(index, count, since) }

        /// Takes over the permits granted since the last call.
        func claim() -> Int { permits.claim(index) }

        /// Whether others may need permits. A guess without the lock: who needs one later pokes.
        func othersNeed(beside own: Int) -> Bool { permits.needed.load(ordering: .relaxed) > own }

        /// Whether a connection is to be closed for another worker; the permit then follows through `give`.
        ///
        /// - Parameter oldest: since when a request of this worker waits for a connection; nil where none does. Such a
        ///   worker parts with a connection only to one below its share while it is above, or, where there are fewer
        ///   permits than workers, to one that has none and has waited longer.
        func tryReclaim(oldest: NIODeadline?) -> Bool { permits.tryReclaim(index, oldest: oldest) }

        /// No connection is idle here. The worker is not poked for idle ones until it may have some again.
        func hasNoneIdle() { permits.hasNoneIdle(index) }

        /// Takes a place in the queue.
        func tryQueue() -> Bool { permits.tryQueue() }

        /// Gives a place in the queue back.
        func unqueue() { permits.pending.subtract(1, ordering: .relaxed) }

        /// The worker takes no part any more; permits in use are still given back one by one. Once they are, another may
        /// join in its place.
        package func leave() { permits.leave(index) }
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
                // It keeps an idle one, and is to hear of the next need.
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

    /// Grants one free permit: to workers below their share first, among them to whoever waits longest.
    ///
    /// - Returns: the worker, which is to be poked.
    private func grant(_ ledger: inout Ledger) -> Int? {
        guard ledger.taken < ledger.limit else { return nil }
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
