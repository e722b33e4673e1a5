import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayCore

/// Several workers with one limit, whose connections serve several requests at a time, under random events.
@Suite struct PoolStreamSimulationTests {
    @Test(arguments: [(1, 1, 3), (2, 1, 2), (2, 3, 4), (3, 2, 1), (3, 4, 10)])
    func `the limit is never exceeded, and no request is forgotten`(workers: Int, limit: Int, streams: Int) {
        for seed in 0..<20 {
            var world = World(workers: workers, limit: limit, streams: streams, seed: UInt64(seed))
            for _ in 0..<400 {
                world.step()
                world.check()
            }
            world.settle()
        }
    }
}

private struct World {
    typealias Pool = PoolStateMachine<Int, Int>

    private final class Bell: Sendable {
        let rung = NIOLockedValueBox<Set<Int>>([])
    }

    private struct Connection {
        enum Phase { case connecting, idle, leased, draining, closing }

        var phase = Phase.connecting
        var streams = 0
    }

    private var machines: [Pool]
    private let permits: ConnectionPermits
    private let limit: Int
    private let streams: Int
    private let bell = Bell()
    private var random: SplitMix64
    private var now = NIODeadline.uptimeNanoseconds(0)
    private var connections: [[Pool.ConnectionID: Connection]]
    private var waiting: [Set<Int>]
    private var nextName = 0

    init(workers: Int, limit: Int, streams: Int, seed: UInt64) {
        let permits = ConnectionPermits(limit: limit, pendingLimit: 8)
        let bell = bell
        self.permits = permits
        self.limit = limit
        self.streams = streams
        random = SplitMix64(seed: seed)
        machines = (0..<workers).map { worker in
            Pool(
                configuration: Pool.Configuration(queue: .milliseconds(300), idle: .milliseconds(500)),
                permits: permits.join { bell.rung.withLockedValue { _ = $0.insert(worker) } }
            )
        }
        for index in machines.indices { machines[index].streams = streams }
        connections = Array(repeating: [:], count: workers)
        waiting = Array(repeating: [], count: workers)
    }

    mutating func step() {
        let worker = Int.random(in: 0..<machines.count, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<7: acquire(worker)
        case 7..<10: connect(worker, succeeds: Int.random(in: 0..<5, using: &random) > 0)
        case 10..<15: endStream(worker)
        case 15: close(worker, [.closing, .idle, .leased, .draining])
        case 16..<18: close(worker, [.closing])
        case 18:
            now = now + .milliseconds(Int64.random(in: 0..<120, using: &random))
            for worker in machines.indices { expire(worker) }
        default: answerPokes()
        }
    }

    // MARK: Events

    private mutating func acquire(_ worker: Int) {
        let name = nextName
        nextName += 1
        let open = connections[worker].first { $0.value.phase == .leased && $0.value.streams < streams }
        if let (id, _) = open {
            connections[worker][id]?.streams += 1
            return
        }
        switch machines[worker].acquire(now: now, connectTimeout: .milliseconds(100), waiter: { name }) {
        case .reuse(let lease): begin(worker, lease)
        case .connect(let id, _):
            expect(connections[worker].updateValue(Connection(), forKey: id) == nil)
            waiting[worker].insert(name)
        case .join, .wait: waiting[worker].insert(name)
        case .refuse: expect(permits.waiting > 0)
        }
    }

    /// A connection serves its first request, and those that wait.
    private mutating func begin(_ worker: Int, _ lease: Pool.Lease) {
        connections[worker][lease.id] = Connection(phase: .leased, streams: 1)
        while connections[worker][lease.id].map({ $0.streams < streams }) == true,
            let name = machines[worker].nextWaiter(where: { _ in true })
        {
            serve(worker, name)
            connections[worker][lease.id]?.streams += 1
        }
        machines[worker].updateNeed()
    }

    private mutating func connect(_ worker: Int, succeeds: Bool) {
        guard let id = any(worker, [.connecting]) else { return }
        if succeeds {
            switch machines[worker].connected(id, 0, now: now) {
            case .handTo(let name, let lease):
                serve(worker, name)
                begin(worker, lease)
            case .park: connections[worker][id]?.phase = .idle
            case .close: connections[worker][id]?.phase = .closing
            }
        } else {
            connections[worker][id] = nil
            let result = machines[worker].connectFailed(id)
            expect(result.failed.count <= streams)
            for name in result.failed { serve(worker, name) }
            if let next = result.connect { connections[worker][next] = Connection() }
        }
    }

    private mutating func endStream(_ worker: Int) {
        guard let id = any(worker, [.leased, .draining]), var connection = connections[worker][id] else { return }
        connection.streams -= 1
        connections[worker][id] = connection
        guard connection.streams == 0 else {
            guard connection.phase == .leased else { return }
            switch machines[worker].streamEnded(id, where: { _ in true }) {
            case .keep: break
            case .handTo(let name):
                serve(worker, name)
                connections[worker][id]?.streams += 1
            case .drain: connections[worker][id]?.phase = .draining
            }
            return
        }
        let isReusable = connection.phase == .leased && Int.random(in: 0..<5, using: &random) > 0
        switch machines[worker].released(id, reusable: isReusable, now: now) {
        case .handTo(let name, let lease):
            serve(worker, name)
            begin(worker, lease)
        case .park: connections[worker][id]?.phase = .idle
        case .close: connections[worker][id]?.phase = .closing
        }
    }

    private mutating func close(_ worker: Int, _ phases: [Connection.Phase]) {
        guard let id = any(worker, phases) else { return }
        connections[worker][id] = nil
        if case .connect(let next) = machines[worker].closed(id) { connections[worker][next] = Connection() }
    }

    private mutating func expire(_ worker: Int) {
        let result = machines[worker].expire(now: now)
        for (id, _) in result.close { connections[worker][id]?.phase = .closing }
        for name in result.timedOut { serve(worker, name) }
    }

    private mutating func answerPokes() {
        let rung = bell.rung.withLockedValue { rung in
            defer { rung = [] }
            return rung
        }
        for worker in rung.sorted() {
            let result = machines[worker].poked()
            for id in result.connect { connections[worker][id] = Connection() }
            for (id, _) in result.close { connections[worker][id]?.phase = .closing }
        }
    }

    // MARK: Completion

    /// Checks that all waiting requests are served once all streams have ended, without any timeout.
    mutating func settle() {
        for _ in 0..<400 {
            answerPokes()
            for worker in machines.indices {
                connect(worker, succeeds: true)
                close(worker, [.closing])
                endStream(worker)
            }
            check()
        }
        expect(waiting.allSatisfy(\.isEmpty))
        for worker in machines.indices {
            for (id, _) in machines[worker].drain() { connections[worker][id]?.phase = .closing }
        }
        for _ in 0..<limit { for worker in machines.indices { close(worker, [.closing]) } }
        expect(machines.allSatisfy(\.isEmpty))
        expect(permits.taken == 0 && permits.waiting == 0)
    }

    func check() {
        let all = connections.reduce(0) { $0 + $1.count }
        expect(all <= limit)
        expect(permits.taken >= all && permits.taken <= limit)
        for worker in machines.indices {
            expect(Set(machines[worker].waiters.map(\.waiter)) == waiting[worker])
            for (id, connection) in connections[worker] {
                let stage = machines[worker].stage(of: id)
                switch connection.phase {
                case .connecting: expect(stage == .connecting)
                case .idle: expect(stage == .idle)
                case .leased: expect(stage == .leased && connection.streams > 0)
                case .draining, .closing: expect(stage == .closing)
                }
            }
        }
    }

    private mutating func serve(_ worker: Int, _ name: Int) { expect(waiting[worker].remove(name) != nil) }

    private mutating func any(_ worker: Int, _ phases: [Connection.Phase]) -> Pool.ConnectionID? {
        let candidates = connections[worker].filter { phases.contains($0.value.phase) }.keys.sorted {
            $0.index < $1.index
        }
        return candidates.isEmpty ? nil : candidates[Int.random(in: 0..<candidates.count, using: &random)]
    }

    private func expect(_ condition: Bool, line: Int = #line) {
        if !condition { Issue.record("line \(line), limit \(limit), streams \(streams)") }
    }
}
