import Dispatch
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct RuntimeWatchTests {
    /// Waits until a condition holds.
    private static func wait(_ condition: () -> Bool) async throws {
        for _ in 0..<20_000 where !condition() { try await Task.sleep(for: .milliseconds(1)) }
        #expect(condition())
    }

    @Test func `a loop that stalls is counted and logged with what it runs, until it responds again`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var workers: [NIOLoopBound<Worker>] = []
        for loop in group.makeIterator() {
            workers.append(try await loop.submit { NIOLoopBound(WorkerFixture.make(on: loop), eventLoop: loop) }.get())
        }
        let shared = SharedState()
        let lines = NIOLockedValueBox<[String]>([])
        let registry = MeterRegistry()
        let watch = RuntimeWatch(
            shared,
            memoryLimit: { nil },
            interval: .milliseconds(1),
            stallLimit: .milliseconds(500),
            log: Logger(label: "test") { _ in RecordingLog(lines: lines) }
        )
        watch.register(with: registry)
        await watch.start(watching: workers)
        #expect(!shared.hasStalledLoop)

        let hold = DispatchSemaphore(value: 0)
        let stalled = workers[1]
        stalled.eventLoop.execute {
            let activity = stalled.value.activity
            activity.note(activity.step(.request, of: "auth", route: "users"))
            hold.wait()
        }
        // On a busy machine, the other loop may stall too.
        try await Self.wait {
            lines.withLockedValue { lines in
                lines.contains {
                    $0.hasPrefix("error") && $0.contains("running=the request hook of auth in the route users")
                }
            }
        }
        #expect(shared.hasStalledLoop)

        hold.signal()
        try await Self.wait { !shared.hasStalledLoop }
        await watch.stop()
        #expect(lines.withLockedValue { $0.contains { $0.hasPrefix("notice") } })
        let stalls = await registry.snapshot().first { $0.description == RuntimeWatch.stalls }
        #expect(stalls != nil)
        for worker in workers {
            let lag = try await worker.eventLoop.submit {
                worker.value.deadlines.stop()
                return worker.value.meters.copy().contains { $0.description == Worker.eventLoopLag }
            }.get()
            #expect(lag)
        }
        try await group.shutdownGracefully()
    }

    @Test func `activities are described by their names`() {
        let activity = LoopActivity()
        #expect(activity.description == nil)
        let first = activity.step(.request, of: "auth", route: "users")
        let second = activity.step(.completion, of: "metrics", route: "orders")
        let third = activity.step(.response, of: "auth", route: "orders")
        activity.note(first)
        #expect(activity.description == "the request hook of auth in the route users")
        activity.note(second)
        #expect(activity.description == "the completion hook of metrics in the route orders")
        activity.note(third)
        #expect(activity.description == "the response hook of auth in the route orders")
        activity.note(.none)
        #expect(activity.description == nil)
    }
}

/// Keeps the level and metadata of each line.
private struct RecordingLog: LogHandler {
    let lines: NIOLockedValueBox<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        self.lines.withLockedValue { $0.append("\(event.level) \(event.message)" + values.joined()) }
    }
}
