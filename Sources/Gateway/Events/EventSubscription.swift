import GatewayEvents

/// The events of some topics, in the order in which they were published. It ends when the gateway stops.
public struct EventSubscription: AsyncSequence, Sendable {
    public typealias Element = PublishedEvent
    public typealias Failure = Never

    private let stream: AsyncStream<PublishedEvent>

    init(to topics: EventTopics, of bus: EventBus, limit: Int) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: PublishedEvent.self,
            bufferingPolicy: .bufferingNewest(limit)
        )
        self.stream = stream
        let subscriber = Subscriber(continuation, bus)
        continuation.onTermination = { [weak bus] _ in bus?.unsubscribe(subscriber) }
        bus.subscribe(subscriber, to: topics)
    }

    public func makeAsyncIterator() -> Iterator { Iterator(base: self.stream.makeAsyncIterator()) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var base: AsyncStream<PublishedEvent>.Iterator

        public mutating func next() async -> PublishedEvent? { await self.base.next() }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> PublishedEvent? {
            await self.base.next(isolation: actor)
        }
    }

    private final class Subscriber: EventBus.Subscriber, Sendable {
        private let continuation: AsyncStream<PublishedEvent>.Continuation
        private let count: @Sendable () -> Void

        init(_ continuation: AsyncStream<PublishedEvent>.Continuation, _ bus: EventBus) {
            self.continuation = continuation
            self.count = { [weak bus] in bus?.count(1, .subscriber) }
        }

        func receive(_ event: Event) {
            if case .dropped = self.continuation.yield(PublishedEvent(event)) { self.count() }
        }

        func busEnded() { self.continuation.finish() }
    }
}
