import GatewaySettings
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Synchronization

/// What runs between start and shutdown: threads, workers, listeners.
final class GatewayRuntime: Sendable {
    let configuration: GatewayConfiguration
    let shared: SharedState
    let registry: MeterRegistry
    let upstreams: UpstreamRegistry
    let status: GatewayStatus
    let workers: [NIOLoopBound<Worker>]
    let log: Logger
    private let group: MultiThreadedEventLoopGroup
    private let accessLog: LogWriter?
    private let listeners = NIOLockedValueBox<[Listener]>([])
    private let isStopped = Atomic(false)
    private let names: NameResolver
    private let admin = NIOLockedValueBox<AdminListener?>(nil)

    init(
        _ configuration: GatewayConfiguration,
        middlewares: [MiddlewareRegistration],
        inProcess: [String: InProcessHandler],
        accessLog: LogWriter?,
        names: NameResolver.Settings = NameResolver.Settings(),
        log: Logger
    ) async throws {
        self.configuration = configuration
        self.log = log
        self.accessLog = accessLog
        let count = configuration.server.workers.number ?? System.coreCount
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        let files = FileLimits.raise()
        self.names = NameResolver(names, log: log)
        let connections = FileLimits.connections(configuration.server.limits.connections, files: files)
        if let files, let full = FileDemand(configuration, workers: count).full, full > files {
            log.warning(
                """
                server.limits.connections is \(connections): with the connections to upstreams that may take \(full) \
                files, and this process may open only \(files): raise its limit (ulimit -n, LimitNOFILE) or lower the \
                setting
                """
            )
        }
        self.shared = SharedState(
            trustedProxies: configuration.server.trustedProxies,
            slowRequest: configuration.log.slowRequest.span.map(TimeAmount.init),
            maxConnections: connections
        )
        self.registry = MeterRegistry(
            buckets: HistogramBuckets(seconds: configuration.metrics.buckets),
            seriesLimit: configuration.metrics.seriesLimit
        )
        self.upstreams = UpstreamRegistry(configuration, inProcess: inProcess, workerCount: count)
        self.status = GatewayStatus(
            GatewayStatus.Running(configuration: configuration, upstreams: self.upstreams),
            middlewares: middlewares.map(\.description),
            shared: self.shared,
            registry: self.registry,
            reloads: ReloadMeters(start: Platform.unixMilliseconds()),
            eventLoops: Array(self.group.makeIterator())
        )
        self.status.registerMeters(droppedLogLines: accessLog?.droppedLines)
        let admin = AdminRouter(status: self.status)
        let style = AccessLogStyle(configuration.log.format, for: configuration.log.access.destination)
        var workers: [NIOLoopBound<Worker>] = []
        do {
            for (index, eventLoop) in self.group.makeIterator().enumerated() {
                let (shared, registry, upstreams) = (self.shared, self.registry, self.upstreams)
                workers.append(
                    try await eventLoop.submit {
                        let worker = Worker(
                            index: index,
                            eventLoop: eventLoop,
                            shared: shared,
                            meters: registry.makeShard(on: eventLoop),
                            accessLog: accessLog?.makeSink(on: eventLoop),
                            accessLogFormat: AccessLogFormat(style),
                            log: log
                        )
                        let limits = ConnectionLimits(configuration.server.limits)
                        worker.listeners = configuration.server.listen.map { address in
                            ListenerPlan(address, limits: limits, shared: shared, meters: worker.meters)
                        }
                        worker.table = try PlanBuilder.build(
                            configuration,
                            middlewares: middlewares,
                            upstreams: upstreams,
                            admin: admin,
                            worker: worker
                        )
                        return NIOLoopBound(worker, eventLoop: eventLoop)
                    }.get()
                )
            }
        } catch {
            try? await self.group.shutdownGracefully()
            throw error
        }
        self.workers = workers
        self.upstreams.follow(self.names)
    }

    /// Binds all addresses, or none. The admin API comes last: when it says that the gateway is ready, it is.
    func listen() async throws {
        for (index, address) in self.configuration.server.listen.enumerated() {
            do {
                let listener = try await Listener.bind(
                    address,
                    index: index,
                    workers: self.workers,
                    group: self.group,
                    leavesIPv4: address.leavesIPv4(to: self.configuration.server.listen)
                )
                self.listeners.withLockedValue { $0.append(listener) }
            } catch {
                await self.closeListeners()
                throw error
            }
        }
        guard case .address(let address) = self.configuration.admin.listen else { return }
        do {
            let listener = try await AdminListener.start(
                address,
                AdminRouter(status: self.status),
                middlewares: [{ RequestIDMiddleware(RequestIDMiddleware.Config(), in: &$0) }],
                log: self.log
            )
            self.admin.withLockedValue { $0 = listener }
        } catch {
            await self.closeListeners()
            throw error
        }
    }

    /// What was bound, in the configuration's order.
    var boundAddresses: [SocketAddress] { self.listeners.withLockedValue { $0.compactMap(\.boundAddress) } }

    /// Where the admin API is, if it is anywhere.
    var adminAddress: SocketAddress? { self.admin.withLockedValue { $0?.boundAddress } }

    private func closeListeners() async {
        let listeners = self.listeners.withLockedValue { listeners in
            defer { listeners = [] }
            return listeners
        }
        for listener in listeners { await listener.close() }
    }

    /// Ends it all: new connections are refused, open requests are finished, up to the configured time.
    ///
    /// - Returns: how many connections had to be cut off.
    func drain() async -> Int {
        self.shared.startDraining()
        let server = self.configuration.server
        if server.drainDelay > .zero { try? await Task.sleep(nanoseconds: UInt64(server.drainDelay.nanoseconds)) }
        await self.closeListeners()
        let drained = self.workers.map { worker in
            worker.eventLoop.flatSubmit { worker.value.drain() }
        }
        let eventLoop = self.group.next()
        let all = EventLoopFuture.andAllSucceed(drained, on: eventLoop)
        let timer = eventLoop.scheduleTask(in: TimeAmount(server.drainTimeout)) { [workers] in
            for worker in workers { worker.eventLoop.execute { worker.value.endDrain() } }
        }
        try? await all.get()
        timer.cancel()
        var cut = 0
        for worker in self.workers {
            cut += (try? await worker.eventLoop.submit { worker.value.cutAll() }.get()) ?? 0
        }
        return cut
    }

    /// Gives everything back. A second call does nothing.
    func stop() async {
        guard !self.isStopped.exchange(true, ordering: .relaxed) else { return }
        await self.closeListeners()
        await self.names.stop()
        for worker in self.workers {
            try? await worker.eventLoop.submit { worker.value.stop() }.get()
        }
        if let accessLog = self.accessLog { _ = await accessLog.close(within: .seconds(2)) }
        await self.admin.withLockedValue { $0 }?.stop()
        try? await self.group.shutdownGracefully()
    }

    func reopenLogs() async throws { try await self.accessLog?.reopen() }
}
