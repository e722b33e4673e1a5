import Dispatch
import GatewaySettings
package import Logging
package import NIOCore
import NIOPosix

/// Watches the resources of the process from a separate thread, which keeps running when an event loop does not.
package final class RuntimeWatch: Sendable {
    package static let stalls = MetricDescription(
        "gateway_event_loop_stalls_total",
        .counter,
        help: "How often an event loop did not respond for 5 seconds."
    )

    /// Returns the limit on the resident memory in bytes, or nil for none. Called on the thread, so that a new
    /// configuration takes effect with the next look.
    package typealias MemoryLimit = @Sendable () -> Int?

    private let shared: SharedState
    private let memoryLimit: MemoryLimit
    private let interval: TimeAmount
    private let stallLimit: TimeAmount
    private let stalls = SharedMeter()
    private let log: Logger
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let stopped = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - interval: The time between two looks.
    ///   - stallLimit: The time after which an event loop that does not respond has stalled.
    package init(
        _ shared: SharedState,
        memoryLimit: @escaping MemoryLimit,
        interval: TimeAmount = .milliseconds(250),
        stallLimit: TimeAmount = .seconds(5),
        log: Logger
    ) {
        self.shared = shared
        self.memoryLimit = memoryLimit
        self.interval = interval
        self.stallLimit = stallLimit
        self.log = log
    }

    package func register(with registry: MeterRegistry) { registry.add(self.stalls, as: Self.stalls) }

    /// Starts the thread and waits for its first look.
    ///
    /// - Parameter workers: The workers whose event loops it watches.
    package func start(watching workers: [NIOLoopBound<Worker>]) async {
        var loops: [WatchedLoop] = []
        // A task each second, unless a test is in a hurry.
        let watch = StallWatch(interval: self.interval, pause: self.interval * 4, limit: self.stallLimit)
        for worker in workers {
            if let loop = try? await WatchedLoop(worker, watch) { loops.append(loop) }
        }
        self.thread.start()
        let watched = loops
        await withCheckedContinuation { continuation in
            self.thread.submit { [self] state in
                guard state == .active else { return continuation.resume() }
                var memory = WatchedMemory(self.shared, self.log)
                memory.look(limit: self.memoryLimit())
                continuation.resume()
                self.watch(&memory, watched)
            }
        }
    }

    private func watch(_ memory: inout WatchedMemory, _ watched: [WatchedLoop]) {
        var loops = watched
        var last = NIODeadline.now()
        let interval = DispatchTimeInterval.nanoseconds(Int(self.interval.nanoseconds))
        while self.stopped.wait(timeout: .now() + interval) == .timedOut {
            memory.look(limit: self.memoryLimit())
            let now = NIODeadline.now()
            for index in loops.indices { loops[index].look(after: now - last, self.shared, self.stalls, self.log) }
            last = now
        }
    }

    /// Ends the thread.
    package func stop() async {
        self.stopped.signal()
        try? await self.thread.shutdownGracefully()
    }
}

/// Compares the resident memory with its limit, and reports changes to the workers, the log and operators.
private struct WatchedMemory {
    private let shared: SharedState
    private let log: Logger
    private let resident = ResidentMemory()
    private var watch = MemoryWatch()
    private var looks = 0

    init(_ shared: SharedState, _ log: Logger) {
        self.shared = shared
        self.log = log
    }

    mutating func look(limit: Int?) {
        // Reading costs a system call, so do not read without need.
        guard limit != nil || self.watch.isOverloaded, let bytes = self.resident?.bytes() else { return }
        switch self.watch.sample(bytes, limit: limit) {
        case .nothing: break
        case .refuse:
            self.shared.setOverloaded(true)
            self.log.warning("memory limit exceeded: new requests get 503", metadata: Self.metadata(bytes, limit))
            self.publish("gateway.overloaded", .critical, bytes, limit)
        case .accept:
            self.shared.setOverloaded(false)
            self.log.notice(
                "memory below its limit again: requests are accepted",
                metadata: Self.metadata(bytes, limit)
            )
            self.publish("gateway.recovered", .info, bytes, limit)
        }
        // The allocator keeps freed memory, which would keep the gateway overloaded.
        if self.watch.isOverloaded {
            if self.looks.isMultiple(of: 4) { Platform.releaseFreeMemory() }
            self.looks += 1
        }
    }

    private func publish(_ type: String, _ severity: EventSeverity, _ resident: Int, _ limit: Int?) {
        var data: [String: JSONValue] = ["reason": "memory", "resident_bytes": .integer(resident)]
        data["limit_bytes"] = limit.map { .integer($0) }
        self.shared.events.publish(GatewayEvent(type, severity, topic: "gateway", data))
    }

    private static func metadata(_ resident: Int, _ limit: Int?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["resident_bytes": "\(resident)"]
        if let limit { metadata["limit_bytes"] = "\(limit)" }
        return metadata
    }
}
