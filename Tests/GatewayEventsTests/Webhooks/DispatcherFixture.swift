import GatewayCore
import GatewaySettings
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import GatewayEvents

/// Answers tries as a test says, and records them. It belongs to the event loop.
final class ScriptedReceivers: WebhookSending {
    struct Try: Sendable {
        let webhook: String
        let id: String
        let type: String
    }

    private(set) var tries: [Try] = []
    /// The status for a try; nil: it hangs.
    var answer: (Try) -> Int? = { _ in 200 }
    private(set) var hanging: [(WebhookResult) -> Void] = []

    func update(_ webhooks: [Webhook]) {}

    func send(_ attempt: WebhookAttempt, to webhook: Webhook, then completion: @escaping (WebhookResult) -> Void) {
        let new = Try(webhook: webhook.id, id: attempt.id, type: attempt.type)
        self.tries.append(new)
        guard let status = self.answer(new) else { return self.hanging.append(completion) }
        completion(WebhookResult(status: status, duration: 1))
    }

    func release() {
        let hanging = self.hanging
        self.hanging = []
        for completion in hanging { completion(WebhookResult(status: 200, duration: 1)) }
    }
}

/// A dispatcher on an event loop, with a store and scripted receivers.
final class DispatcherFixture: Sendable {
    let loop: any EventLoop
    let store: EventStore
    let registry: WebhookRegistry
    let bus: EventBus
    private let parts: NIOLoopBound<Parts>

    final class Parts {
        let dispatcher: WebhookDispatcher
        let receivers: ScriptedReceivers

        init(_ dispatcher: WebhookDispatcher, _ receivers: ScriptedReceivers) {
            self.dispatcher = dispatcher
            self.receivers = receivers
        }
    }

    /// - Parameter path: The file of the store; empty for memory.
    static func start(
        path: String = "",
        webhooks: [String] = ["ops"],
        configure: @Sendable (inout EventsConfiguration) -> Void = { _ in },
        receivers prepare: @escaping @Sendable (ScriptedReceivers) -> Void = { _ in }
    ) async throws -> DispatcherFixture {
        var configuration = EventsConfiguration()
        configuration.webhooks = webhooks.map { id in
            var webhook = WebhookConfiguration()
            webhook.id = id
            webhook.events = ["*"]
            return webhook
        }
        configure(&configuration)
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let store = EventStore(path: path, log: log)
        let bus = EventBus(gateway: "test:1")
        try await bus.start(on: loop)
        let hands = bus.onLoop
        let (parts, registry) = try await loop.submit { [configuration] in
            let receivers = ScriptedReceivers()
            prepare(receivers)
            let dispatcher = WebhookDispatcher(
                on: loop,
                store: store,
                sender: receivers,
                meters: WebhookMeters(),
                publish: { bus.publish($0) },
                log: log
            )
            dispatcher.start(with: configuration, on: hands?.value)
            return (NIOLoopBound(Parts(dispatcher, receivers), eventLoop: loop), WebhookRegistry(dispatcher))
        }.get()
        return DispatcherFixture(loop, store, registry, bus, parts)
    }

    private init(
        _ loop: any EventLoop,
        _ store: EventStore,
        _ registry: WebhookRegistry,
        _ bus: EventBus,
        _ parts: NIOLoopBound<Parts>
    ) {
        self.loop = loop
        self.store = store
        self.registry = registry
        self.bus = bus
        self.parts = parts
    }

    func stop() async {
        await self.registry.stop()
        await self.store.close()
    }

    func publish(_ types: String...) {
        for type in types { self.bus.publish(GatewayEvent(type, .info, topic: "gateway")) }
    }

    func on<Result: Sendable>(_ body: @escaping @Sendable (Parts) -> Result) async throws -> Result {
        try await self.loop.submit { body(self.parts.value) }.get()
    }

    /// The types that a webhook was sent, in order.
    func sent(to webhook: String) async throws -> [String] {
        try await self.on { $0.receivers.tries.filter { $0.webhook == webhook }.map(\.type) }
    }

    struct NotReached: Error { let what: String }

    func eventually(_ what: String, _ condition: @escaping @Sendable (Parts) -> Bool) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(300)
        while try await !self.on(condition) {
            guard clock.now < end else { throw NotReached(what: what) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func eventuallyQuiet() async throws { try await self.eventually("quiet") { $0.dispatcher.isDone } }
}
