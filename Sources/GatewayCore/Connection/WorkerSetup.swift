package import GatewaySettings
package import GatewayTLS
package import Logging
package import NIOCore

/// Settings of all workers. Each worker has a copy, which a reload replaces on its event loop.
package struct WorkerSettings: Sendable {
    package var trustedProxies = TrustedProxies()
    /// Whether connections from trusted proxies begin with a PROXY header.
    package var readsProxyHeaders = false
    /// A request that takes longer is logged as a warning. Nil to disable.
    package var slowRequest: TimeAmount?
    /// The maximum number of concurrent client connections, across all workers.
    package var maxConnections = Int.max
    /// Whether a connection over the limit displaces an idle one instead of being refused.
    package var displacesIdle = false
    /// For new connections.
    package var http2 = HTTP2Limits()
    /// Names of parameters of queries whose values are not logged.
    package var secretParameters: [String] = []
    /// Which requests are reported.
    package var reports = ReportPolicy()

    package init() {}

    /// Whether a new connection must begin with a PROXY header.
    func awaitsProxyHeader(from peer: ClientAddress, isUnixSocket: Bool) -> Bool {
        self.readsProxyHeaders && self.trustedProxies.trust(peer, isUnixSocket: isUnixSocket)
    }
}

/// The inputs from which the workers of one gateway are created.
package struct WorkerSetup: Sendable {
    package var shared = SharedState()
    package var settings = WorkerSettings()
    package var registry = MeterRegistry()
    package var accessLog: LogWriter?
    package var accessLogStyle = AccessLogStyle.json
    /// The addresses that the workers accept connections on.
    package var addresses: [ListenAddress] = []
    package var limits = LimitsConfiguration()
    /// TLS for the addresses that use it.
    package var tls: ServerTLS?
    package var log: Logger

    package init(
        shared: SharedState = SharedState(),
        settings: WorkerSettings = WorkerSettings(),
        registry: MeterRegistry = MeterRegistry(),
        accessLog: LogWriter? = nil,
        accessLogStyle: AccessLogStyle = AccessLogStyle.json,
        addresses: [ListenAddress] = [],
        limits: LimitsConfiguration = LimitsConfiguration(),
        log: Logger
    ) {
        self.shared = shared
        self.settings = settings
        self.registry = registry
        self.accessLog = accessLog
        self.accessLogStyle = accessLogStyle
        self.addresses = addresses
        self.limits = limits
        self.log = log
    }

    /// Creates a worker on its event loop.
    ///
    /// - Parameter serve: Sets the worker's routes. It is called on the event loop.
    package func start(
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
