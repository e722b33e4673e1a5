import Dispatch
import GatewaySettings
package import Logging
package import NIOCore
import NIOPosix

/// Watches the resources of the process from a separate thread, which keeps running when an event loop does not.
package final class RuntimeWatch: Sendable {
    /// Returns the limit on the resident memory in bytes, or nil for none. Called on the thread, so that a new
    /// configuration takes effect with the next look.
    package typealias MemoryLimit = @Sendable () -> Int?

    private let shared: SharedState
    private let memoryLimit: MemoryLimit
    private let interval: DispatchTimeInterval
    private let log: Logger
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let stopped = DispatchSemaphore(value: 0)

    /// - Parameter interval: The time between two looks.
    package init(
        _ shared: SharedState,
        memoryLimit: @escaping MemoryLimit,
        interval: TimeAmount = .milliseconds(250),
        log: Logger
    ) {
        self.shared = shared
        self.memoryLimit = memoryLimit
        self.interval = .nanoseconds(Int(interval.nanoseconds))
        self.log = log
    }

    /// Starts the thread and waits for its first look.
    package func start() async {
        self.thread.start()
        await withCheckedContinuation { continuation in
            self.thread.submit { [self] state in
                guard state == .active else { return continuation.resume() }
                var memory = WatchedMemory(self.shared, self.log)
                memory.look(limit: self.memoryLimit())
                continuation.resume()
                while self.stopped.wait(timeout: .now() + self.interval) == .timedOut {
                    memory.look(limit: self.memoryLimit())
                }
            }
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
            self.publish("gateway.overloaded", .warning, bytes, limit)
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

    private func publish(_ type: String, _ severity: GatewayEvent.Severity, _ resident: Int, _ limit: Int?) {
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
