import GatewaySettings
import Logging
import NIOCore

/// Settings of all workers. Each worker has a copy, which a reload replaces on its event loop.
struct WorkerSettings: Sendable {
    var trustedProxies = TrustedProxies()
    /// A request that takes longer is logged as a warning; nil for never.
    var slowRequest: TimeAmount?
    /// The number of client connections at a time, over all workers.
    var maxConnections = Int.max
    /// Whether a connection over the limit displaces an idle one instead of being refused.
    var displacesIdle = false
}

/// What the workers of one gateway are made from.
struct WorkerSetup: Sendable {
    var shared = SharedState()
    var settings = WorkerSettings()
    var registry = MeterRegistry()
    var accessLog: LogWriter?
    var accessLogStyle = AccessLogStyle.json
    /// The addresses that the workers accept connections for.
    var addresses: [ListenAddress] = []
    var limits = LimitsConfiguration()
    var log: Logger

    /// Makes a worker on its event loop.
    ///
    /// - Parameter serve: Gives the worker its routes. It is called on the event loop.
    func start(
        index: Int = 0,
        on eventLoop: any EventLoop,
        serve: @escaping @Sendable (Worker) throws -> Void
    ) async throws -> NIOLoopBound<Worker> {
        try await eventLoop.submit {
            let worker = Worker(self, index: index, on: eventLoop)
            try serve(worker)
            return NIOLoopBound(worker, eventLoop: eventLoop)
        }.get()
    }
}
