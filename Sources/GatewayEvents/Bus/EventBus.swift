package import GatewayCore
package import NIOCore
import Synchronization

/// Hands the events of all threads on to subscribers, on one event loop. Publishers never wait for it.
package final class EventBus: EventSink {
    /// Receives events on the event loop of the bus, in the order of their IDs. It must not block.
    package protocol Subscriber: AnyObject {
        func receive(_ event: Event)
    }

    /// The gateway's name in events, `HOST:PID`.
    package let gateway: String
    private let limit: Atomic<Int>
    private let rings = Mutex<[EventRing]>([])
    /// For publishers that are not workers.
    private let ring = EventRing()
    /// Whether the event loop was told about new events.
    private let isWoken = Atomic(false)
    private let hands = Mutex<NIOLoopBound<Hands>?>(nil)

    package init(gateway: String, limit: Int = 10_000) {
        self.gateway = gateway
        self.limit = Atomic(limit)
        self.rings.withLock { $0.append(self.ring) }
    }

    /// The maximum number of events that wait, per publisher.
    package func configure(limit: Int) { self.limit.store(limit, ordering: .relaxed) }

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
        ring.add(event, at: .now(), limit: self.limit.load(ordering: .relaxed))
        self.wake()
    }

    private func wake() {
        guard !self.isWoken.exchange(true, ordering: .acquiringAndReleasing),
            let hands = self.hands.withLock({ $0 })
        else { return }
        hands.eventLoop.execute { hands.value.handOn() }
    }

    // MARK: The event loop

    /// Begins to hand on events, including those published before.
    package func start(on eventLoop: any EventLoop) async throws {
        let hands = try await eventLoop.submit {
            NIOLoopBound(Hands(self, eventLoop: eventLoop), eventLoop: eventLoop)
        }.get()
        self.hands.withLock { $0 = hands }
        try await eventLoop.submit { hands.value.handOn() }.get()
    }

    /// Hands on what was published so far. Further events wait in vain.
    package func stop() async {
        guard let hands = self.hands.withLock({ $0 }) else { return }
        try? await hands.eventLoop.submit { hands.value.handOn() }.get()
        self.hands.withLock { $0 = nil }
    }

    /// The event loop's side of the bus; nil before the start and after the end.
    package var onLoop: NIOLoopBound<Hands>? { self.hands.withLock { $0 } }

    fileprivate func takeAll() -> (entries: [EventRing.Entry], dropped: Int) {
        // First, so that events published from now on wake the event loop again.
        self.isWoken.store(false, ordering: .sequentiallyConsistent)
        var entries: [EventRing.Entry] = []
        var dropped = 0
        for ring in self.rings.withLock({ $0 }) {
            let taken = ring.take()
            entries.append(contentsOf: taken.entries)
            dropped += taken.dropped
        }
        // Each ring is in order, and the sort keeps the order of equal times.
        entries.sort { $0.at < $1.at }
        return (entries, dropped)
    }

    /// What belongs to the event loop.
    package final class Hands {
        private let bus: EventBus
        private let eventLoop: any EventLoop
        private var ids = EventIDs()
        private var history = EventHistory()
        private var subscribers: [any Subscriber] = []
        private var random = SystemRandomNumberGenerator()
        private(set) var dropped = 0

        fileprivate init(_ bus: EventBus, eventLoop: any EventLoop) {
            self.bus = bus
            self.eventLoop = eventLoop
        }

        /// Adds a subscriber, which receives the events that follow.
        package func subscribe(_ subscriber: any Subscriber) { self.subscribers.append(subscriber) }

        package func unsubscribe(_ subscriber: any Subscriber) { self.subscribers.removeAll { $0 === subscriber } }

        /// The last events, oldest first.
        package var recent: [Event] { Array(self.history.all) }

        /// The events after the one with this ID; nil if it is not known any more.
        package func events(after id: EventID) -> [Event]? { self.history.after(id).map { Array($0) } }

        fileprivate func handOn() {
            let taken = self.bus.takeAll()
            self.dropped += taken.dropped
            let (now, wall) = (NIODeadline.now(), Platform.unixMilliseconds())
            for entry in taken.entries {
                let time = wall - (now - entry.at).nanoseconds / 1_000_000
                let event = Event(
                    entry.event,
                    id: self.ids.next(at: time, random: self.random.next()),
                    time: time,
                    gateway: self.bus.gateway
                )
                self.history.add(event)
                for subscriber in self.subscribers { subscriber.receive(event) }
            }
        }
    }
}

@available(*, unavailable)
extension EventBus.Hands: Sendable {}
