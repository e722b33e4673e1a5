package import GatewayCore
package import GatewaySettings
package import Logging
package import NIOCore
import NIOPosix

/// Everything that is done with events, on one thread apart from the workers: streams, webhooks, alerts and reports to
/// Sentry.
package final class EventService: Sendable {
    package let bus: EventBus
    /// Keeps webhooks, deliveries and the states of alerts.
    package let store: EventStore
    package let webhooks: WebhookRegistry
    package let alerts: Alerts
    let streams: NIOLoopBound<EventStreams>
    private let group: MultiThreadedEventLoopGroup
    private let parts: NIOLoopBound<Parts>
    /// How long reports to Sentry may delay the end.
    private static let flushTime = TimeAmount.seconds(3)
    /// The codes of reports that are not about requests.
    package static let errorCodes = SentryReporter.codes

    /// What belongs to the event loop.
    private final class Parts {
        /// Stores and sends what webhooks get.
        let dispatcher: WebhookDispatcher
        let sender: WebhookSender
        let samples: SampleLoop
        let sentry: SentryReporter
        let record: RunRecord

        init(
            _ sender: WebhookSender,
            _ dispatcher: WebhookDispatcher,
            _ samples: SampleLoop,
            _ sentry: SentryReporter,
            _ record: RunRecord
        ) {
            self.sender = sender
            self.dispatcher = dispatcher
            self.samples = samples
            self.sentry = sentry
            self.record = record
        }
    }

    private init(
        _ bus: EventBus,
        _ group: MultiThreadedEventLoopGroup,
        _ parts: NIOLoopBound<Parts>,
        _ store: EventStore,
        _ webhooks: WebhookRegistry,
        _ alerts: Alerts,
        _ streams: NIOLoopBound<EventStreams>
    ) {
        self.bus = bus
        self.store = store
        self.webhooks = webhooks
        self.alerts = alerts
        self.streams = streams
        self.group = group
        self.parts = parts
    }

    /// Starts to hand on events.
    ///
    /// - Parameters:
    ///   - registry: The metrics of the gateway.
    ///   - reports: The failed requests of the workers.
    ///   - names: Resolves the names of webhooks and of Sentry.
    package static func start(
        _ configuration: GatewayConfiguration,
        bus: EventBus,
        registry: MeterRegistry,
        reports: RequestReports,
        names: NameResolver,
        log: Logger
    ) async throws -> EventService {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            // The metrics of this worker are not those of requests of clients.
            let worker = try await WorkerSetup(log: log).start(on: group.next()) { _ in }
            let store = EventStore(path: configuration.events.store, log: log)
            store.register(with: registry)
            bus.register(with: registry)
            let meters = WebhookMeters(buckets: HistogramBuckets(seconds: configuration.metrics.buckets))
            meters.register(with: registry)
            let (parts, webhooks) = try await worker.eventLoop.submit {
                let sender = WebhookSender(on: worker.value, resolver: names)
                let dispatcher = WebhookDispatcher(
                    on: worker.eventLoop,
                    store: store,
                    sender: sender,
                    meters: meters,
                    publish: { bus.publish($0) },
                    log: log
                )
                let samples = SampleLoop(registry, on: worker.eventLoop)
                let sentry = SentryReporter(on: worker.value, resolver: names, reports: reports, bus: bus, log: log)
                let record = RunRecord(in: store, of: bus.gateway, on: worker.eventLoop)
                let parts = Parts(sender, dispatcher, samples, sentry, record)
                return (NIOLoopBound(parts, eventLoop: worker.eventLoop), WebhookRegistry(dispatcher))
            }.get()
            let alerts = try await Alerts.start(
                on: worker.eventLoop,
                registry: registry,
                sink: bus,
                store: store,
                log: log
            )
            let streams = try await worker.eventLoop.submit {
                let streams = EventStreams(bus, registry, on: worker.eventLoop)
                return NIOLoopBound(streams, eventLoop: worker.eventLoop)
            }.get()
            let service = EventService(bus, group, parts, store, webhooks, alerts, streams)
            await service.apply(configuration)
            // Subscribed before the first event is handed on, so that nothing that was published so far is lost.
            try await bus.start(on: worker.eventLoop) { hands in
                parts.value.samples.serve(hands)
                parts.value.dispatcher.start(with: configuration.events, on: hands)
                parts.value.sentry.start(on: hands)
                parts.value.record.begin { parts.value.sentry.report(crash: $0) }
            }
            reports.register(with: registry)
            let isUsed = !configuration.events.webhooks.isEmpty || !configuration.alerts.isEmpty
            if configuration.events.store.isEmpty, isUsed {
                log.notice(
                    "deliveries to webhooks and the states of alerts are kept in memory, and end with the gateway",
                    metadata: ["advice": "set events.store to keep them in a file"]
                )
            }
            return service
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// The event loop of everything here. It serves no requests.
    package var eventLoop: any EventLoop { self.parts.eventLoop }

    /// Applies a configuration: at the start, and after each reload.
    package func apply(_ configuration: GatewayConfiguration) async {
        self.bus.configure(limit: configuration.events.queue)
        await self.alerts.apply(configuration)
        try? await self.parts.eventLoop.submit {
            self.parts.value.sender.allow(configuration.events.addresses)
            self.parts.value.dispatcher.apply(configuration.events)
            self.parts.value.samples.configure(every: TimeAmount(configuration.events.sample))
            self.streams.value.configure(configuration.events)
            self.parts.value.sentry.apply(configuration.sentry)
        }.get()
    }

    /// Another process has taken over, and sends what the store contains from now on.
    package func handOver() async {
        await self.endRecord()
        await self.alerts.stop()
        await self.webhooks.handOver()
    }

    private func endRecord() async {
        try? await self.parts.eventLoop.flatSubmit { self.parts.value.record.end() }.get()
    }

    /// Hands on what was published so far, and ends.
    package func stop() async {
        self.endStreams()
        await self.alerts.stop()
        await self.bus.stop()
        try? await self.parts.eventLoop.flatSubmit { self.parts.value.sentry.stop(within: Self.flushTime) }.get()
        await self.webhooks.stop()
        await self.endRecord()
        await self.store.close()
        try? await self.parts.eventLoop.submit { self.parts.value.sender.stop() }.get()
        try? await self.group.shutdownGracefully()
    }
}
