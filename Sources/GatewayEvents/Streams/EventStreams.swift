import GatewayCore
import GatewaySettings
import NIOCore

/// The clients of all streams, on the event loop of the bus.
package final class EventStreams: EventBus.Subscriber {
    /// The maximum number of topics of a client.
    package static let topicLimit = 100
    /// The number of malformed messages after which a client is disconnected.
    private static let patience = 10

    /// A client and what it has subscribed to.
    private final class Member {
        let id: Int
        let client: StreamClient
        var topics: EventTopics
        /// The last event that the client has seen, until it gets what followed.
        var lastEvent: LastEvent?
        var malformed = 0
        /// Whether the client got something in this turn of the event loop.
        var isTouched = false

        init(_ id: Int, _ client: StreamClient, _ topics: EventTopics, after lastEvent: LastEvent?) {
            self.id = id
            self.client = client
            self.topics = topics
            self.lastEvent = lastEvent
        }
    }

    /// What a client that connects again says about the last event that it has seen.
    package enum LastEvent: Hashable, Sendable {
        case id(EventID)
        /// Not an ID of an event.
        case unknown

        package init(_ text: String) { self = EventID(text).map { .id($0) } ?? .unknown }
    }

    private let bus: EventBus
    private let eventLoop: any EventLoop
    private let meters = StreamMeters()
    private var members: [ObjectIdentifier: Member] = [:]
    private var touched: [Member] = []
    private var lastID = 0
    private var limit = 100
    private var heartbeat = TimeAmount.seconds(15)
    private var timer: RepeatedTask?

    init(_ bus: EventBus, _ registry: MeterRegistry, on eventLoop: any EventLoop) {
        self.bus = bus
        self.eventLoop = eventLoop
        self.meters.register(with: registry)
    }

    func configure(_ configuration: EventsConfiguration) {
        self.limit = configuration.maxClients
        let heartbeat = TimeAmount(configuration.heartbeat)
        guard heartbeat != self.heartbeat else { return }
        self.heartbeat = heartbeat
        self.stopHeartbeat()
        self.startHeartbeat()
    }

    // MARK: Clients

    package enum OnOpen: Hashable, Sendable {
        case opened
        /// There are too many clients.
        case full
        /// The gateway ends, or has not begun.
        case closed
    }

    /// Adds a client. It gets what follows `lastEvent`, and all further messages of its topics.
    func open(_ client: StreamClient, _ topics: EventTopics, after lastEvent: LastEvent?) -> OnOpen {
        guard let hands = self.bus.onLoop?.value else { return .closed }
        guard self.members.count < self.limit else { return .full }
        // Earlier events are not for the client. What follows is one step, so that no event is lost or doubled.
        hands.handOn()
        self.lastID += 1
        let member = Member(self.lastID, client, topics, after: lastEvent)
        let replay = topics.isEmpty ? Replay() : Self.takeReplay(of: member, hands)
        if self.members.isEmpty { hands.subscribe(self, to: topics) }
        self.members[ObjectIdentifier(client)] = member
        self.topicsChanged()
        self.startHeartbeat()
        client.attach(NIOLoopBound(self, eventLoop: self.eventLoop), self.meters)
        self.meters.opened(client.format)
        if let preamble = client.format.preamble { client.add(preamble) }
        self.send(replay, to: member)
        return .opened
    }

    /// Tells the bus which kinds of topics the clients listen to.
    private func topicsChanged() {
        let kinds = Set(self.members.values.flatMap(\.topics.names).map(Self.kind))
        self.bus.onLoop?.value.change(self, to: EventTopics(kinds))
    }

    private static func kind(_ topic: String) -> String {
        topic == EventTopics.globalName ? topic : "\(topic.prefix { $0 != "." }).*"
    }

    func close(_ client: StreamClient) {
        guard let member = self.members.removeValue(forKey: ObjectIdentifier(client)) else { return }
        client.forgotten()
        self.meters.closed(client.format)
        self.touched.removeAll { $0 === member }
        guard self.members.isEmpty else { return self.topicsChanged() }
        self.bus.onLoop?.value.unsubscribe(self)
        self.stopHeartbeat()
    }

    /// Ends all streams.
    func closeAll() {
        self.bus.onLoop?.value.handOn()
        for member in Array(self.members.values) { self.end(member, .goingAway) }
    }

    private func end(_ member: Member, _ end: StreamClient.End) {
        member.client.end(end)
        member.client.wake()
        self.close(member.client)
    }

    /// The clients, in the order in which they came.
    var report: [ClientReport] {
        self.members.values.sorted { $0.id < $1.id }.map { member in
            ClientReport(id: member.id, client: member.client, topics: member.topics.names)
        }
    }

    package struct ClientReport: Sendable {
        package let id: Int
        package let client: StreamClient
        package let topics: [String]
    }

    // MARK: Messages to clients

    package func receive(_ event: Event) { self.send(StreamMessage(event), topic: event.topic) }

    package func receive(_ sample: EventSample) { self.send(StreamMessage(sample), topic: sample.topic) }

    private func send(_ message: StreamMessage, topic: String) {
        var message = message
        for member in self.members.values where member.topics.contains(topic) {
            self.send(message.encoded(for: member.client.format), to: member)
        }
    }

    private func send(_ message: ByteBuffer, to member: Member) {
        member.client.add(message)
        guard !member.isTouched else { return }
        member.isTouched = true
        self.touched.append(member)
        // The connection is told once, after all messages of this turn.
        guard self.touched.count == 1 else { return }
        let streams = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.eventLoop.execute { streams.value.wakeTouched() }
    }

    private func wakeTouched() {
        let touched = self.touched
        self.touched = []
        for member in touched {
            member.isTouched = false
            member.client.wake()
        }
    }

    /// What followed the last event that a client has seen.
    private struct Replay {
        var events: [Event] = []
        /// Whether some of them are no longer known.
        var isIncomplete = false
    }

    /// Returns what the client gets with its first topics. Call it before it has them: this hands on events, which would be
    /// doubled.
    private static func takeReplay(of member: Member, _ hands: EventBus.Hands) -> Replay {
        guard let lastEvent = member.lastEvent else { return Replay() }
        member.lastEvent = nil
        guard case .id(let id) = lastEvent else { return Replay(events: hands.recent, isIncomplete: true) }
        if let events = hands.events(after: id) { return Replay(events: events) }
        return Replay(events: hands.recent.filter { $0.id > id }, isIncomplete: true)
    }

    private func send(_ replay: Replay, to member: Member) {
        let format = member.client.format
        if replay.isIncomplete {
            let text = "Events after the last one that you have seen are no longer known."
            self.send(format.error("missed", text), to: member)
        }
        for event in replay.events where member.topics.contains(event.topic) {
            var message = StreamMessage(event)
            self.send(message.encoded(for: format), to: member)
        }
    }

    // MARK: Messages of clients

    /// Reads messages of a client; nil stands for a message that is not text.
    func received(_ messages: [ByteBuffer?], from client: StreamClient) {
        for message in messages {
            guard let member = self.members[ObjectIdentifier(client)] else { return }
            switch message.map({ StreamRequest($0) }) {
            case .subscribe(let topics): self.subscribe(member, topics)
            case .unsubscribe(let topics):
                for topic in topics where member.topics.names.contains(topic) { member.topics.remove(topic) }
                self.topicsChanged()
                self.send(client.format.subscription(member.topics.names), to: member)
            case .malformed(let reason): self.malformed(member, reason)
            case nil: self.malformed(member, "A message is text.")
            }
        }
    }

    private func subscribe(_ member: Member, _ names: [String]) {
        let format = member.client.format
        guard let hands = self.bus.onLoop?.value else { return }
        for name in names {
            guard let problem = EventTopics.problem(of: name) else { continue }
            return self.send(format.error("unknown_topic", "\(problem)."), to: member)
        }
        guard Set(member.topics.names + names).count <= Self.topicLimit else {
            let text = "A client may have at most \(Self.topicLimit) topics."
            return self.send(format.error("too_many_topics", text), to: member)
        }
        // Earlier events are not for the new topics.
        hands.handOn()
        let replay = names.isEmpty ? Replay() : Self.takeReplay(of: member, hands)
        for name in names { member.topics.insert(name) }
        self.topicsChanged()
        self.send(format.subscription(member.topics.names), to: member)
        self.send(replay, to: member)
    }

    private func malformed(_ member: Member, _ reason: String) {
        member.malformed += 1
        self.send(member.client.format.error("malformed", reason), to: member)
        if member.malformed >= Self.patience { self.end(member, .policyViolation) }
    }

    // MARK: Signs of life

    private func startHeartbeat() {
        guard !self.members.isEmpty, self.timer == nil else { return }
        let streams = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.timer = self.eventLoop.scheduleRepeatedTask(initialDelay: self.heartbeat, delay: self.heartbeat) { _ in
            streams.value.beat()
        }
    }

    private func stopHeartbeat() {
        self.timer?.cancel()
        self.timer = nil
    }

    private func beat() {
        for member in self.members.values {
            member.client.addHeartbeat()
            member.client.wake()
        }
    }
}

@available(*, unavailable)
extension EventStreams: Sendable {}
