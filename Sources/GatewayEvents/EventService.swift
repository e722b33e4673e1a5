package import GatewayCore
package import GatewaySettings
package import Logging
package import NIOCore
import NIOPosix

/// Everything that is done with events, on one thread apart from the workers: streams, webhooks, alerts and reports to
/// Sentry.
package final class EventService: Sendable {
    package let bus: EventBus
    private let group: MultiThreadedEventLoopGroup
    private let worker: NIOLoopBound<Worker>
    private let parts: NIOLoopBound<Parts>
    private let log: Logger

    /// What belongs to the event loop.
    private final class Parts {
        /// The receivers of requests that the gateway sends.
        let services: OutboundServices

        init(_ worker: Worker, resolver: NameResolver) {
            self.services = OutboundServices(on: worker, resolver: resolver)
        }
    }

    private init(
        _ bus: EventBus,
        _ group: MultiThreadedEventLoopGroup,
        _ worker: NIOLoopBound<Worker>,
        _ parts: NIOLoopBound<Parts>,
        log: Logger
    ) {
        self.bus = bus
        self.group = group
        self.worker = worker
        self.parts = parts
        self.log = log
    }

    /// Starts to hand on events.
    ///
    /// - Parameters:
    ///   - registry: The metrics of the gateway.
    ///   - names: Resolves the names of webhooks and of Sentry.
    package static func start(
        _ configuration: GatewayConfiguration,
        bus: EventBus,
        registry: MeterRegistry,
        names: NameResolver,
        log: Logger
    ) async throws -> EventService {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            // The metrics of this worker are not those of requests of clients.
            let worker = try await WorkerSetup(log: log).start(on: group.next()) { _ in }
            let parts = try await worker.eventLoop.submit {
                NIOLoopBound(Parts(worker.value, resolver: names), eventLoop: worker.eventLoop)
            }.get()
            let service = EventService(bus, group, worker, parts, log: log)
            await service.apply(configuration)
            try await bus.start(on: worker.eventLoop)
            return service
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Applies a configuration: at the start, and after each reload.
    package func apply(_ configuration: GatewayConfiguration) async {
        self.bus.configure(limit: configuration.events.queue)
    }

    /// Hands on what was published so far, and ends.
    package func stop() async {
        await self.bus.stop()
        try? await self.parts.eventLoop.submit { self.parts.value.services.stop() }.get()
        try? await self.group.shutdownGracefully()
    }
}
