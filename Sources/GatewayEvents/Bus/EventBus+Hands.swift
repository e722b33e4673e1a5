import DequeModule
import GatewayCore
import NIOCore

extension EventBus {
    /// A subscriber with its topics.
    private final class Subscription {
        let subscriber: any Subscriber
        /// Earlier events are not for it.
        let since: NIODeadline
        var topics: EventTopics
        var isActive = true

        init(_ subscriber: any Subscriber, to topics: EventTopics, since: NIODeadline) {
            self.subscriber = subscriber
            self.topics = topics
            self.since = since
        }
    }

    /// What belongs to the event loop.
    package final class Hands {
        private let bus: EventBus
        private let eventLoop: any EventLoop
        private var ids = EventIDs()
        private var history = EventHistory()
        private var subscriptions: [Subscription] = []
        private var random = SystemRandomNumberGenerator()
        private var entries: [EventRing.Entry] = []
        private var spare: Deque<EventRing.Entry> = []
        private var isHandingOn = false
        private var isEnded = false
        private var look: RepeatedTask?
        /// Called when somebody begins or ceases to listen to samples.
        var samplesWanted: (Bool) -> Void = { _ in }
        private var wantsSamples = false

        init(_ bus: EventBus, eventLoop: any EventLoop) {
            self.bus = bus
            self.eventLoop = eventLoop
        }

        /// Adds a subscriber, which receives the events that follow.
        package func subscribe(_ subscriber: any Subscriber, to topics: EventTopics = .global) {
            self.subscriptions.append(Subscription(subscriber, to: topics, since: .distantPast))
            self.topicsChanged()
        }

        /// Changes what a subscriber receives.
        package func change(_ subscriber: any Subscriber, to topics: EventTopics) {
            for subscription in self.subscriptions where subscription.subscriber === subscriber {
                subscription.topics = topics
            }
            self.topicsChanged()
        }

        package func unsubscribe(_ subscriber: any Subscriber) {
            for subscription in self.subscriptions where subscription.subscriber === subscriber {
                subscription.isActive = false
            }
            self.subscriptions.removeAll { !$0.isActive }
            self.topicsChanged()
        }

        private func topicsChanged() {
            let heard = self.subscriptions.reduce(into: EventTopic.Heard()) { $0.formUnion($1.topics.heard) }
            self.bus.setHeard(heard)
            guard self.wantsSamples != heard.contains(.samples) else { return }
            self.wantsSamples.toggle()
            self.samplesWanted(self.wantsSamples)
        }

        /// The last events, oldest first.
        package var recent: [Event] {
            self.handOn()
            return Array(self.history.all)
        }

        /// The events after the one with this ID; nil if it is not known any more.
        package func events(after id: EventID) -> [Event]? {
            self.handOn()
            return self.history.after(id).map { Array($0) }
        }

        // MARK: Handing on

        func begin() {
            let hands = NIOLoopBound(self, eventLoop: self.eventLoop)
            self.look = self.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
                hands.value.handOn()
            }
            self.handOn()
        }

        func end() {
            self.handOn()
            self.look?.cancel()
            self.isEnded = true
            let subscriptions = self.subscriptions
            self.subscriptions = []
            for subscription in subscriptions { subscription.subscriber.busEnded() }
            if self.wantsSamples { self.samplesWanted(false) }
        }

        func handOn() {
            // A subscriber may ask for the history.
            guard !self.isHandingOn, !self.isEnded else { return }
            self.isHandingOn = true
            defer { self.isHandingOn = false }
            self.bus.takeAll(into: &self.entries, spare: &self.spare)
            // Afterwards, so that no event of a thread is lost that has subscribed before.
            let arrivals = self.bus.takeArrivals()
            if !arrivals.isEmpty {
                self.subscriptions += arrivals.map { Subscription($0.subscriber, to: $0.topics, since: $0.since) }
                self.topicsChanged()
            }
            let (now, wall) = (NIODeadline.now(), Platform.unixMilliseconds())
            for entry in self.entries {
                let time = wall - (now - entry.at).nanoseconds / 1_000_000
                let event = Event(
                    entry.event,
                    id: self.ids.next(at: time, random: self.random.next()),
                    time: time,
                    gateway: self.bus.gateway
                )
                self.history.add(event)
                for subscription in self.subscriptions
                where subscription.isActive && entry.at >= subscription.since
                    && subscription.topics.contains(event.topic)
                {
                    subscription.subscriber.receive(event)
                }
            }
            self.entries.removeAll(keepingCapacity: self.entries.count <= 1000)
        }

        /// Hands on a sample.
        package func send(_ sample: EventSample) {
            for subscription in self.subscriptions
            where subscription.isActive && subscription.topics.contains(sample.topic) {
                subscription.subscriber.receive(sample)
            }
        }
    }
}

@available(*, unavailable)
extension EventBus.Hands: Sendable {}
