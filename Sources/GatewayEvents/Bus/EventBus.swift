import DequeModule
package import GatewayCore
package import NIOCore
import Synchronization

/// Hands the events of all threads on to subscribers, on one event loop. Publishers never wait for it.
///
/// Each worker has a separate ring for its events, and wakes the event loop if somebody listens to the topic. What
/// nobody listens to reaches the history within a second, or when somebody asks for it.
package final class EventBus: EventSink {
    /// Receives events on the event loop of the bus, in the order of their IDs. It must not block.
    package protocol Subscriber: AnyObject {
        func receive(_ event: Event)
        func receive(_ sample: EventSample)
        /// Called after the last event.
        func busEnded()
    }

    /// The gateway's name in events, `HOST:PID`.
    package let gateway: String
    private let limit: Atomic<Int>
    private let rings = Mutex<[EventRing]>([])
    /// For publishers that are not workers.
    private let ring = EventRing()
    /// Whether the event loop was told about new events.
    private let isWoken = Atomic(false)
    /// The topics that somebody listens to, coarsely.
    private let heard = Atomic<UInt32>(0)
    private let meters = Mutex(EventMeters())
    private let state = Mutex(State())

    private struct State {
        /// Nil before the start and after the end.
        var hands: NIOLoopBound<Hands>?
        var isEnded = false
        /// Subscribers from other threads, which the event loop does not know yet.
        var arrivals: [Arrival] = []
    }

    /// A subscriber that the event loop does not know yet.
    struct Arrival: Sendable {
        let subscriber: any Subscriber & Sendable
        let topics: EventTopics
        /// When it subscribed. Earlier events are not for it.
        let since: NIODeadline
    }

    /// What nobody listens to wakes the event loop too, if so many events wait.
    private static let unheardLimit = 64

    package init(gateway: String, limit: Int = 10_000) {
        self.gateway = gateway
        self.limit = Atomic(limit)
        self.rings.withLock { $0.append(self.ring) }
    }

    deinit { for arrival in self.state.withLock({ $0.arrivals }) { arrival.subscriber.busEnded() } }

    /// The maximum number of events that wait, per publisher.
    package func configure(limit: Int) { self.limit.store(limit, ordering: .relaxed) }

    package func register(with registry: MeterRegistry) {
        registry.addSource { [self] in
            self.meters.withLock { meters in
                var meters = meters
                for ring in self.rings.withLock({ $0 }) { ring.count(in: &meters) }
                return meters.families
            }
        }
    }

    /// Counts events that somebody did not get.
    package func count(_ number: Int = 1, _ drop: EventDrop) {
        self.meters.withLock { $0.count(number, drop) }
    }

    // MARK: Publishing

    package func publish(_ event: GatewayEvent) { self.publish(event, in: self.ring) }

    package func makeWorkerSink() -> any EventSink {
        let ring = EventRing()
        self.rings.withLock { $0.append(ring) }
        return WorkerSink(bus: self, ring: ring)
    }

    private struct WorkerSink: EventSink {
        let bus: EventBus
        let ring: EventRing

        func publish(_ event: GatewayEvent) { self.bus.publish(event, in: self.ring) }
    }

    private func publish(_ event: GatewayEvent, in ring: EventRing) {
        let waiting = ring.add(event, at: .now(), limit: self.limit.load(ordering: .relaxed))
        // A subscriber that comes now finds the event in the ring.
        let heard = EventTopic.Heard(rawValue: self.heard.load(ordering: .sequentiallyConsistent))
        if waiting >= Self.unheardLimit || !heard.isDisjoint(with: EventTopic.Heard(event.topic)) { self.wake() }
    }

    private func wake() {
        guard !self.isWoken.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // Under the lock, so that the event loop does not end in between.
        self.state.withLock { state in
            guard let hands = state.hands else { return }
            hands.eventLoop.execute { hands.value.handOn() }
        }
    }

    // MARK: Subscribing from other threads

    /// Adds a subscriber from any thread, before or after the start. It receives the events that are published from now
    /// on.
    package func subscribe(_ subscriber: any Subscriber & Sendable, to topics: EventTopics) {
        let arrival = Arrival(subscriber: subscriber, topics: topics, since: .now())
        let isEnded = self.state.withLock { state in
            if !state.isEnded { state.arrivals.append(arrival) }
            return state.isEnded
        }
        if isEnded { return subscriber.busEnded() }
        self.heard.bitwiseOr(topics.heard.rawValue, ordering: .sequentiallyConsistent)
        self.wake()
    }

    /// Removes a subscriber from any thread. It may still receive events that are about to be handed on.
    package func unsubscribe(_ subscriber: any Subscriber & Sendable) {
        self.state.withLock { state in
            state.arrivals.removeAll { $0.subscriber === subscriber }
            guard let hands = state.hands else { return }
            hands.eventLoop.execute { hands.value.unsubscribe(subscriber) }
        }
    }

    // MARK: The event loop

    /// Begins to hand on events, including those published before.
    ///
    /// - Parameter prepare: Called on the event loop before the first event is handed on.
    package func start(
        on eventLoop: any EventLoop,
        _ prepare: @escaping @Sendable (Hands) -> Void = { _ in }
    ) async throws {
        let hands = try await eventLoop.submit {
            let hands = Hands(self, eventLoop: eventLoop)
            prepare(hands)
            return NIOLoopBound(hands, eventLoop: eventLoop)
        }.get()
        self.state.withLock { $0.hands = hands }
        try await eventLoop.submit { hands.value.begin() }.get()
    }

    /// Hands on what was published so far, and ends all subscriptions. Further events are lost.
    package func stop() async {
        let hands = self.state.withLock { state in
            defer {
                state.hands = nil
                state.isEnded = true
            }
            return state.hands
        }
        if let hands { try? await hands.eventLoop.submit { hands.value.end() }.get() }
        for arrival in self.takeArrivals() { arrival.subscriber.busEnded() }
    }

    /// The event loop's side of the bus; nil before the start and after the end.
    package var onLoop: NIOLoopBound<Hands>? { self.state.withLock { $0.hands } }

    func takeArrivals() -> [Arrival] {
        self.state.withLock { state in
            defer { state.arrivals = [] }
            return state.arrivals
        }
    }

    func setHeard(_ heard: EventTopic.Heard) {
        self.heard.store(heard.rawValue, ordering: .sequentiallyConsistent)
    }

    /// Appends all events that wait, in the order of their times.
    ///
    /// - Parameter spare: An empty deque, whose memory is reused.
    func takeAll(into entries: inout [EventRing.Entry], spare: inout Deque<EventRing.Entry>) {
        // First, so that events published from now on wake the event loop again.
        self.isWoken.store(false, ordering: .sequentiallyConsistent)
        // Counted with the rings in hand, so that readers of the metrics miss nothing.
        self.meters.withLock { meters in
            for ring in self.rings.withLock({ $0 }) {
                meters.count(ring.take(into: &spare), .queue)
                for entry in spare { meters.count(entry.event.topic) }
                entries.append(contentsOf: spare)
                spare.removeAll(keepingCapacity: true)
            }
        }
        // Each ring is in order, and the sort keeps the order of equal times.
        entries.sort { $0.at < $1.at }
    }
}

extension EventBus.Subscriber {
    package func receive(_ sample: EventSample) {}
    package func busEnded() {}
}
