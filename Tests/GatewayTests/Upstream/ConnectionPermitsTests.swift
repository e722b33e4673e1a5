import NIOConcurrencyHelpers
import NIOCore
import Synchronization
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct ConnectionPermitsTests {
    /// Counts the notifications of some workers.
    private final class Pokes: Sendable {
        private let counts = NIOLockedValueBox<[Int: Int]>([:])
        func poke(_ worker: Int) { counts.withLockedValue { $0[worker, default: 0] += 1 } }
        subscript(_ worker: Int) -> Int { counts.withLockedValue { $0[worker, default: 0] } }
    }

    private final class Gauge: Sendable {
        let inUse = Atomic<Int>(0)
        let highest = Atomic<Int>(0)
    }

    private let pokes = Pokes()

    private func workers(_ count: Int, limit: Int, pending: Int = 10) -> [ConnectionPermits.Worker] {
        let permits = ConnectionPermits(limit: limit, pendingLimit: pending)
        return (0..<count).map { worker in permits.join { [pokes] in pokes.poke(worker) } }
    }

    private func time(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }

    @Test func `a lower limit takes permits back, and a higher one meets the need`() {
        let permits = ConnectionPermits(limit: 3, pendingLimit: 10)
        let worker = permits.join { [pokes] in pokes.poke(0) }
        let other = permits.join { [pokes] in pokes.poke(1) }
        #expect(worker.tryTake() && worker.tryTake() && worker.tryTake())
        permits.change(limit: 1, pendingLimit: 10)
        #expect(pokes[0] == 1 && pokes[1] == 0)
        #expect(worker.othersNeed(beside: 0))
        // Two are too many, even while a request waits here.
        #expect(worker.tryReclaim(oldest: nil) && worker.tryReclaim(oldest: time(0)) && !worker.tryReclaim(oldest: nil))
        worker.give(reclaimed: true)
        worker.give(reclaimed: true)
        #expect(permits.taken == 1 && !worker.othersNeed(beside: 0) && !other.tryTake())
        other.need(2, since: time(0))
        permits.change(limit: 2, pendingLimit: 10)
        #expect(other.claim() == 1 && permits.taken == 2)
    }

    @Test func `the limit of waiting requests may change`() {
        let permits = ConnectionPermits(limit: 1, pendingLimit: 1)
        let worker = permits.join {}
        #expect(worker.tryQueue() && !worker.tryQueue())
        permits.change(limit: 1, pendingLimit: 2)
        #expect(worker.tryQueue() && !worker.tryQueue())
    }

    @Test func `there are never more permits than the limit, over all workers`() {
        let worker = workers(2, limit: 3)
        #expect(worker[0].tryTake() && worker[1].tryTake() && worker[0].tryTake())
        #expect(!worker[0].tryTake() && !worker[1].tryTake())
        worker[1].give()
        #expect(worker[0].tryTake())
    }

    @Test func `a released permit is granted to a worker that needs it, and no other can take it`() {
        let worker = workers(3, limit: 1)
        #expect(worker[0].tryTake())
        worker[1].need(1, since: time(2))
        worker[2].need(1, since: time(1))
        worker[0].give()
        #expect(!worker[0].tryTake())
        #expect(worker[1].claim() == 0)
        #expect(worker[2].claim() == 1 && pokes[2] == 1)
        worker[2].give()
        #expect(worker[1].claim() == 1 && pokes[1] == 1)
    }

    @Test func `a need is met at once if a permit became free in the meantime`() {
        let worker = workers(1, limit: 1)
        worker[0].need(1, since: time(0))
        #expect(pokes[0] == 1)
        #expect(worker[0].claim() == 1)
    }

    @Test func `a worker with idle connections is notified once, until it has responded`() {
        let worker = workers(2, limit: 2)
        #expect(worker[0].tryTake() && worker[0].tryTake())
        #expect(!worker[0].othersNeed(beside: 0))
        worker[1].need(1, since: time(0))
        worker[1].need(2, since: time(0))
        #expect(pokes[0] == 1)
        #expect(worker[0].othersNeed(beside: 0))
        #expect(
            worker[0].tryReclaim(oldest: nil) && worker[0].tryReclaim(oldest: nil) && !worker[0].tryReclaim(oldest: nil)
        )
        #expect(worker[0].claim() == 0)
        worker[0].hasNoneIdle()
        worker[1].need(3, since: time(0))
        #expect(pokes[0] == 1)
        worker[0].give(reclaimed: true)
        worker[0].give(reclaimed: true)
        #expect(worker[1].claim() == 2)
    }

    @Test func `a worker that kept an idle connection is notified when the need grows`() {
        let worker = workers(3, limit: 2)
        #expect(worker[0].tryTake() && worker[1].tryTake())
        worker[2].need(1, since: time(0))
        #expect(worker[0].claim() == 0)
        worker[0].hasNoneIdle()
        #expect(worker[1].tryReclaim(oldest: nil))
        // One permit is already on its way, so this connection is kept.
        #expect(!worker[0].tryReclaim(oldest: nil))
        worker[2].need(2, since: time(0))
        #expect(pokes[0] == 2)
        #expect(worker[0].tryReclaim(oldest: nil))
    }

    @Test func `a granted permit that is not claimed yet counts toward the need`() {
        let worker = workers(2, limit: 1)
        #expect(worker[0].tryTake())
        worker[1].need(1, since: time(0))
        worker[0].give()
        worker[1].need(1, since: time(1))
        #expect(!worker[0].othersNeed(beside: 0))
        worker[1].need(3, since: time(1))
        #expect(worker[0].othersNeed(beside: 1) && !worker[0].othersNeed(beside: 2))
    }

    @Test func `under load each worker keeps its share and gives up the rest`() {
        let worker = workers(2, limit: 5)
        for _ in 0..<5 { #expect(worker[0].tryTake()) }
        worker[0].need(4, since: time(0))
        worker[1].need(4, since: time(9))
        for held in [5, 4, 3] {
            let yields = worker[0].tryReclaim(oldest: time(0))
            #expect(yields == (held > 3))
            if yields { worker[0].give(reclaimed: true) }
            #expect(worker[1].claim() == (yields ? 1 : 0))
        }
    }

    @Test func `if there are fewer permits than workers the longest wait decides`() {
        let worker = workers(2, limit: 1)
        #expect(worker[0].tryTake())
        worker[1].need(1, since: time(5))
        #expect(!worker[0].tryReclaim(oldest: time(4)))
        #expect(worker[0].tryReclaim(oldest: time(6)))
        worker[0].give(reclaimed: true)
        #expect(worker[1].claim() == 1)
    }

    @Test func `a worker that leaves passes on its granted permits`() {
        let worker = workers(2, limit: 1)
        worker[0].need(1, since: time(0))
        worker[1].need(1, since: time(1))
        worker[0].leave()
        #expect(worker[1].claim() == 1)
        worker[1].give()
        #expect(worker[1].tryTake())
    }

    @Test func `the queue is limited over all workers`() {
        let worker = workers(2, limit: 1, pending: 2)
        #expect(worker[0].tryQueue() && worker[1].tryQueue() && !worker[0].tryQueue())
        worker[1].unqueue()
        #expect(worker[0].tryQueue())
    }

    @Test func `a new worker reuses the slot of one that has left and released everything`() {
        let permits = ConnectionPermits(limit: 2, pendingLimit: 0)
        let first = permits.join {}
        let second = permits.join {}
        #expect(first.tryTake() && second.tryTake())
        first.leave()
        // The first worker still has a permit, so its slot is not free.
        let third = permits.join {}
        #expect(!third.tryTake())
        first.give()
        #expect(third.tryTake())
        second.give()
        second.leave()
        let fourth = permits.join {}
        #expect(fourth.tryTake() && !third.tryTake())
        third.give()
        fourth.give()
        #expect(permits.taken == 0)
    }

    @Test func `the limit holds with workers on many threads`() async {
        let permits = ConnectionPermits(limit: 3, pendingLimit: 0)
        let gauge = Gauge()
        await withTaskGroup(of: Void.self) { group in
            for seed in 0..<4 {
                group.addTask {
                    let worker = permits.join {}
                    var random = SplitMix64(seed: UInt64(seed))
                    var held = 0
                    for _ in 0..<20_000 {
                        if Bool.random(using: &random), worker.tryTake() {
                            held += 1
                            gauge.highest.max(gauge.inUse.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                        } else if held > 0 {
                            held -= 1
                            gauge.inUse.subtract(1, ordering: .relaxed)
                            worker.give()
                        }
                    }
                    for _ in 0..<held {
                        gauge.inUse.subtract(1, ordering: .relaxed)
                        worker.give()
                    }
                }
            }
        }
        #expect(permits.taken == 0)
        #expect(gauge.highest.load(ordering: .relaxed) <= 3)
    }
}
