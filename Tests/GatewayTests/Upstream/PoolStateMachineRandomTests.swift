import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

/// Several workers with one limit under random events, compared with a model of their connections.
@Suite struct PoolStateMachineRandomTests {
    @Test(arguments: [(1, 1), (1, 4), (2, 1), (2, 2), (2, 5), (3, 2), (4, 3), (4, 16)])
    func `the limit is never exceeded, and no request is forgotten`(workers: Int, limit: Int) {
        for seed in 0..<40 {
            var world = World(workers: workers, limit: limit, pending: 6, seed: UInt64(seed))
            for _ in 0..<600 {
                world.step()
                world.check()
            }
            world.settle()
        }
    }

    @Test func `two busy workers share one permit`() {
        var world = World(workers: 2, limit: 1, pending: 4, seed: 9)
        var served = [0, 0]
        for _ in 0..<2_000 {
            for worker in 0..<2 where world.machines[worker].waiters.count < 2 { world.acquire(worker) }
            world.advance()
            world.finishSomething(&served)
            world.check()
        }
        #expect(served[0] > 150 && served[1] > 150, "\(served)")
    }

    @Test func `under constant load permits settle at equal shares`() {
        var world = World(workers: 2, limit: 8, pending: 40, seed: 3)
        for _ in 0..<12 { world.acquire(0) }
        world.runAll()
        #expect(world.held(0) == 8)
        var served = [0, 0]
        for round in 0..<3_000 {
            for worker in 0..<2 {
                while world.machines[worker].waiters.count < 3 { world.acquire(worker) }
            }
            world.advance()
            world.finishSomething(&served)
            if round == 1_000 { world.made = 0 }
        }
        #expect(world.held(0) == 4 && world.held(1) == 4)
        #expect(world.made == 0)
    }
}

private struct World {
    typealias Pool = PoolStateMachine<Int, Int>

    private final class Bell: Sendable {
        let rung = NIOLockedValueBox<Set<Int>>([])
    }

    private enum Phase { case connecting, idle, leased, closing }

    var machines: [Pool]
    /// Connections that were requested.
    var made = 0
    private let permits: ConnectionPermits
    private let limit: Int
    private let bell = Bell()
    private var random: SplitMix64
    private var now = NIODeadline.uptimeNanoseconds(0)
    private var connections: [[Pool.ConnectionID: Phase]]
    private var waiting: [[Int: Pool.WaiterID]]
    private var nextName = 0

    init(workers: Int, limit: Int, pending: Int, seed: UInt64) {
        let permits = ConnectionPermits(limit: limit, pendingLimit: pending)
        let bell = bell
        self.permits = permits
        self.limit = limit
        random = SplitMix64(seed: seed)
        machines = (0..<workers).map { worker in
            Pool(
                configuration: Pool.Configuration(queue: .milliseconds(300), idle: .milliseconds(500)),
                permits: permits.join { bell.rung.withLockedValue { _ = $0.insert(worker) } }
            )
        }
        connections = Array(repeating: [:], count: workers)
        waiting = Array(repeating: [:], count: workers)
    }

    func held(_ worker: Int) -> Int { connections[worker].count }

    mutating func advance() { now = now + .milliseconds(1) }

    // MARK: Events

    mutating func step() {
        let worker = Int.random(in: 0..<machines.count, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<7: acquire(worker)
        case 7..<10: connect(worker, succeeds: Int.random(in: 0..<5, using: &random) > 0)
        case 10..<14: release(worker, reusable: Int.random(in: 0..<5, using: &random) > 0)
        case 14: close(worker, [.closing, .idle, .leased])
        case 15..<17: close(worker, [.closing])
        case 17:
            if let (name, id) = any(waiting[worker]) {
                expect(machines[worker].cancel(id) == name)
                waiting[worker][name] = nil
            }
        case 18:
            now = now + .milliseconds(Int64.random(in: 0..<120, using: &random))
            for worker in machines.indices { expire(worker) }
        default: answerPokes()
        }
    }

    mutating func acquire(_ worker: Int) {
        let name = nextName
        nextName += 1
        switch machines[worker].acquire(now: now, connectTimeout: .milliseconds(100), waiter: { name }) {
        case .reuse(let lease):
            expect(waiting[worker].isEmpty)
            move(worker, lease.id, from: .idle, to: .leased)
        case .connect(let id, let waiter):
            begin(worker, id)
            waiting[worker][name] = waiter
        case .join(let waiter), .wait(let waiter): waiting[worker][name] = waiter
        case .refuse: expect(permits.waiting > 0)
        }
    }

    private mutating func connect(_ worker: Int, succeeds: Bool) {
        guard let id = any(worker, .connecting) else { return }
        if succeeds {
            switch machines[worker].connected(id, nextName, now: now) {
            case .handTo(let name, let lease):
                expect(lease.isFresh && lease.id == id)
                serve(worker, name)
                move(worker, id, from: .connecting, to: .leased)
            case .park: move(worker, id, from: .connecting, to: .idle)
            case .close: move(worker, id, from: .connecting, to: .closing)
            }
        } else {
            connections[worker][id] = nil
            let result = machines[worker].connectFailed(id)
            for name in result.failed { serve(worker, name) }
            if let next = result.connect { begin(worker, next) }
        }
    }

    private mutating func release(_ worker: Int, reusable: Bool) {
        guard let id = any(worker, .leased) else { return }
        switch machines[worker].released(id, reusable: reusable, now: now) {
        case .handTo(let name, let lease):
            expect(lease.id == id && !lease.isFresh && reusable)
            serve(worker, name)
        case .park:
            expect(reusable && waiting[worker].isEmpty)
            move(worker, id, from: .leased, to: .idle)
        case .close: move(worker, id, from: .leased, to: .closing)
        }
    }

    private mutating func close(_ worker: Int, _ phases: [Phase]) {
        let candidates = phases.compactMap { any(worker, $0) }
        guard let id = candidates.first else { return }
        connections[worker][id] = nil
        if case .connect(let next) = machines[worker].closed(id) { begin(worker, next) }
    }

    private mutating func expire(_ worker: Int) {
        let result = machines[worker].expire(now: now)
        for (id, _) in result.close { move(worker, id, from: .idle, to: .closing) }
        for name in result.timedOut { serve(worker, name) }
    }

    private mutating func answerPokes() {
        let rung = bell.rung.withLockedValue { rung in
            defer { rung = [] }
            return rung
        }
        for worker in rung.sorted() {
            let result = machines[worker].poked()
            for id in result.connect { begin(worker, id) }
            for (id, _) in result.close { move(worker, id, from: .idle, to: .closing) }
        }
    }

    // MARK: Completion

    /// Performs all pending work except leases.
    mutating func runAll() {
        for _ in 0..<limit + 4 {
            answerPokes()
            for worker in machines.indices {
                connect(worker, succeeds: true)
                close(worker, [.closing])
            }
        }
    }

    mutating func finishSomething(_ served: inout [Int]) {
        for worker in machines.indices {
            let before = machines[worker].waiters.count
            connect(worker, succeeds: true)
            close(worker, [.closing])
            release(worker, reusable: true)
            served[worker] += max(0, before - machines[worker].waiters.count)
        }
        answerPokes()
    }

    /// Checks that all waiting requests are served once all others have ended, without any timeout, even after
    /// bursts.
    mutating func settle() {
        for _ in 0..<12 {
            serveAll()
            let worker = Int.random(in: 0..<machines.count, using: &random)
            for _ in 0..<Int.random(in: 0...limit + 2, using: &random) { acquire(worker) }
        }
        serveAll()
        expect(permits.waiting == 0)
        for worker in machines.indices {
            for (id, _) in machines[worker].drain() { move(worker, id, from: .idle, to: .closing) }
        }
        runAll()
        expect(machines.allSatisfy(\.isEmpty))
        expect(permits.taken == 0)
    }

    private mutating func serveAll() {
        for _ in 0..<200 {
            runAll()
            check()
            // No request waits while another worker has an idle connection.
            let keepsIdle = machines.contains { !$0.idle.isEmpty }
            expect(waiting.allSatisfy(\.isEmpty) || !keepsIdle)
            if connections.allSatisfy({ $0.values.allSatisfy { $0 == .idle } }) { break }
            for worker in machines.indices { release(worker, reusable: true) }
        }
        expect(waiting.allSatisfy(\.isEmpty))
    }

    func check() {
        let all = connections.reduce(0) { $0 + $1.count }
        expect(all <= limit)
        // Includes permits that are granted but not claimed.
        expect(permits.taken >= all && permits.taken <= limit)
        for worker in machines.indices {
            expect(machines[worker].waiters.map(\.waiter) == waiting[worker].keys.sorted())
            expect(Set(machines[worker].idle) == Set(connections[worker].filter { $0.value == .idle }.keys))
            for (id, phase) in connections[worker] {
                let stage = machines[worker].stage(of: id)
                switch phase {
                case .connecting: expect(stage == .connecting)
                case .idle: expect(stage == .idle)
                case .leased: expect(stage == .leased)
                case .closing: expect(stage == .closing)
                }
            }
        }
    }

    // MARK: The model

    private mutating func begin(_ worker: Int, _ id: Pool.ConnectionID) {
        expect(connections[worker].updateValue(.connecting, forKey: id) == nil)
        made += 1
    }

    private mutating func move(_ worker: Int, _ id: Pool.ConnectionID, from: Phase, to: Phase) {
        expect(connections[worker].updateValue(to, forKey: id) == from)
    }

    /// A waiting request has been served: always the one that has waited longest, unless it left.
    private mutating func serve(_ worker: Int, _ name: Int) {
        expect(waiting[worker].removeValue(forKey: name) != nil)
    }

    private mutating func any(_ worker: Int, _ phase: Phase) -> Pool.ConnectionID? {
        let candidates = connections[worker].filter { $0.value == phase }.keys.sorted { $0.index < $1.index }
        return candidates.isEmpty ? nil : candidates[Int.random(in: 0..<candidates.count, using: &random)]
    }

    private mutating func any(_ waiting: [Int: Pool.WaiterID]) -> (Int, Pool.WaiterID)? {
        let names = waiting.keys.sorted()
        guard !names.isEmpty else { return nil }
        let name = names[Int.random(in: 0..<names.count, using: &random)]
        return waiting[name].map { (name, $0) }
    }

    private func expect(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        if !condition { Issue.record("invariant broken", sourceLocation: sourceLocation) }
    }
}
