import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct PacedEventTests {
    private final class Events: EventSink {
        private let all = Mutex<[GatewayEvent]>([])
        var counts: [JSONValue?] { self.all.withLock { $0.map { $0.data["count"] } } }
        var addresses: [JSONValue?] { self.all.withLock { $0.map { $0.data["address"] } } }
        func publish(_ event: GatewayEvent) { self.all.withLock { $0.append(event) } }
    }

    /// A worker whose time passes when the test says so.
    private static func worker(_ events: Events) async throws -> (NIOAsyncTestingEventLoop, NIOLoopBound<Worker>) {
        let loop = NIOAsyncTestingEventLoop()
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let worker = try await loop.executeInContext {
            NIOLoopBound(
                Worker(WorkerSetup(shared: SharedState(events: events), log: log), on: loop),
                eventLoop: loop
            )
        }
        return (loop, worker)
    }

    @Test func `occurrences are published at once, then once a minute while there are any`() async throws {
        let (events, event) = (Events(), PacedEvent("auth.failed", topic: "routes.a"))
        let (loop, worker) = try await Self.worker(events)
        func occur(_ address: String) async throws {
            try await loop.executeInContext { event.occurred(on: worker.value) { ["address": .string(address)] } }
        }
        for address in ["a", "b", "c"] { try await occur(address) }
        await loop.advanceTime(by: .seconds(59))
        #expect(events.counts == [1])
        await loop.advanceTime(by: .seconds(1))
        #expect(events.counts == [1, 2])
        #expect(events.addresses == ["a", "b"])
        await loop.advanceTime(by: .minutes(3))
        #expect(events.counts == [1, 2])
        try await occur("d")
        #expect(events.counts == [1, 2, 1])
        await loop.advanceTime(by: .minutes(3))
        #expect(events.counts == [1, 2, 1])
        try await loop.executeInContext { worker.value.deadlines.stop() }
    }

    @Test func `workers share the pace, and no occurrence is lost or counted twice`() async throws {
        let (events, event) = (Events(), PacedEvent("auth.failed", topic: "routes.a"))
        var workers: [(loop: NIOAsyncTestingEventLoop, worker: NIOLoopBound<Worker>)] = []
        for _ in 0..<4 { workers.append(try await Self.worker(events)) }
        let all = workers
        for round in 1...3 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (loop, worker) in all {
                    group.addTask {
                        try await loop.executeInContext {
                            for _ in 0..<1000 { event.occurred(on: worker.value) { [:] } }
                        }
                    }
                }
                try await group.waitForAll()
            }
            // Each minute on all loops, because any of them may have the task.
            for (loop, _) in workers { await loop.advanceTime(by: .minutes(1)) }
            let counts = events.counts.map { count in if case .integer(let count)? = count { count } else { 0 } }
            #expect(counts.reduce(0, +) == round * 4000)
            #expect(counts.count == round + 1)
        }
        for (loop, worker) in workers { try await loop.executeInContext { worker.value.deadlines.stop() } }
    }

    // MARK: Decisions

    @Test func `the first is published, the next wait for the end of the minute`() {
        var pace = PacedEvent.Pace()
        #expect(pace.occurred(["n": 1]) == .publish)
        #expect(pace.occurred(["n": 2]) == .wait)
        #expect(pace.minutePassed(count: 3) == .publish(["n": 2]))
        #expect(pace.occurred(["n": 3]) == .wait)
        #expect(pace.minutePassed(count: 1) == .publish(["n": 3]))
        #expect(pace.minutePassed(count: 0) == .rest)
        #expect(pace.occurred(["n": 4]) == .publish)
    }

    @Test func `an occurrence that was counted but not told yet is waited for`() {
        var pace = PacedEvent.Pace()
        #expect(pace.occurred([:]) == .publish)
        #expect(pace.minutePassed(count: 1) == .wait)
        #expect(pace.occurred(["n": 1]) == .wait)
        #expect(pace.minutePassed(count: 1) == .publish(["n": 1]))
    }
}
