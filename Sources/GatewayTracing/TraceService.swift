package import GatewayCore
package import GatewaySettings
package import Logging
import NIOCore
import NIOPosix

/// The export of spans, on a thread apart from the workers. There is no thread until there is a collector.
package actor TraceService {
    /// How long the rest may take at the end.
    private static let flushTime = TimeAmount.seconds(5)

    private let requests: TracedRequests
    private let names: NameResolver
    private let log: Logger
    private var running: (exporter: NIOLoopBound<TraceExporter>, group: MultiThreadedEventLoopGroup)?
    private var isStopped = false
    /// What was logged about variables that were ignored.
    private var ignored: [String] = []

    /// - Parameters:
    ///   - requests: The requests of the workers whose spans are kept.
    ///   - names: Resolves the name of the collector.
    package init(_ requests: TracedRequests, names: NameResolver, log: Logger) {
        self.requests = requests
        self.names = names
        self.log = log
    }

    /// Applies a configuration: at the start, and after each reload.
    package func apply(_ configuration: GatewayConfiguration) async {
        let ignored = configuration.tracing.environment.ignored
        if ignored != self.ignored {
            for text in ignored { self.log.warning("\(text), and is ignored") }
        }
        self.ignored = ignored
        let settings = TraceSettings(configuration.tracing, gateway: Platform.gatewayName)
        if self.isStopped || settings == nil && self.running == nil { return }
        guard let exporter = await self.exporter() else { return }
        let secret = configuration.auth.apiKey.map { $0.query.isEmpty ? [] : [$0.query] } ?? []
        try? await exporter.eventLoop.submit { exporter.value.apply(settings, secretParameters: secret) }.get()
    }

    private func exporter() async -> NIOLoopBound<TraceExporter>? {
        if let running = self.running { return running.exporter }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (requests, names, log) = (self.requests, self.names, self.log)
        do {
            // The metrics of this worker are not those of requests of clients.
            let worker = try await WorkerSetup(log: log).start(on: group.next()) { _ in Platform.giveWay() }
            let exporter = try await worker.eventLoop.submit {
                let exporter = TraceExporter(on: worker.value, resolver: names, requests: requests, log: log)
                return NIOLoopBound(exporter, eventLoop: worker.eventLoop)
            }.get()
            self.running = (exporter, group)
            return exporter
        } catch {
            log.error("cannot start the export of spans", metadata: ["error": "\(error)"])
            try? await group.shutdownGracefully()
            return nil
        }
    }

    /// Sends what waits, for a few seconds at most, and ends. Call it when the workers have ended.
    package func stop() async {
        self.isStopped = true
        guard let (exporter, group) = self.running else { return }
        self.running = nil
        try? await exporter.eventLoop.flatSubmit { exporter.value.stop(within: Self.flushTime) }.get()
        try? await group.shutdownGracefully()
    }
}
