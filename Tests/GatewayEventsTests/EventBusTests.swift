import GatewayCore
import GatewaySettings
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import GatewayEvents

@Suite struct EventBusTests {
    /// Keeps what it receives. It belongs to the event loop of the bus.
    private final class Listener: EventBus.Subscriber {
        var events: [Event] = []
        var samples: [EventSample] = []
        var ends = 0
        func receive(_ event: Event) { self.events.append(event) }
        func receive(_ sample: EventSample) { self.samples.append(sample) }
        func busEnded() { self.ends += 1 }
        var types: [String] { self.events.map(\.type) }
    }

    /// Keeps the types that it receives, on any thread.
    private final class SharedListener: EventBus.Subscriber, Sendable {
        private let all = Mutex<(types: [String], ends: Int)>(([], 0))
        var types: [String] { self.all.withLock { $0.types } }
        var ends: Int { self.all.withLock { $0.ends } }
        func receive(_ event: Event) { self.all.withLock { $0.types.append(event.type) } }
        func busEnded() { self.all.withLock { $0.ends += 1 } }
    }

    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    private static func event(_ type: String, topic: String = "gateway") -> GatewayEvent {
        GatewayEvent(type, .info, topic: topic)
    }

    private func listen(to bus: EventBus, _ topics: EventTopics = .global) async throws -> NIOLoopBound<Listener> {
        let hands = try #require(bus.onLoop)
        return try await self.loop.submit { [loop] in
            let listener = Listener()
            hands.value.subscribe(listener, to: topics)
            return NIOLoopBound(listener, eventLoop: loop)
        }.get()
    }

    private func recent(of bus: EventBus) async throws -> [Event] {
        let hands = try #require(bus.onLoop)
        return try await self.loop.submit { hands.value.recent }.get()
    }

    private func value(of name: String, _ labels: [String], in registry: MeterRegistry) async -> Double? {
        for family in await registry.snapshot() where family.description.name == name {
            return family.labels.firstIndex(of: labels).map { family.values[$0] }
        }
        return nil
    }

    // MARK: Order

    @Test func `subscribers get events in order, those published before the start are in the history`() async throws {
        let bus = EventBus(gateway: "test:1")
        bus.publish(Self.event("a"))
        let worker = bus.makeWorkerSink()
        worker.publish(Self.event("b"))
        try await bus.start(on: self.loop)
        let listener = try await self.listen(to: bus)
        for type in ["c", "d", "e"] { worker.publish(Self.event(type)) }
        let recent = try await self.recent(of: bus)
        await bus.stop()
        try await self.loop.submit {
            #expect(listener.value.types == ["c", "d", "e"])
            #expect(recent.map(\.type) == ["a", "b", "c", "d", "e"])
            #expect(recent.map(\.id) == recent.map(\.id).sorted())
            #expect(listener.value.ends == 1)
        }.get()
    }

    @Test func `events of many threads arrive once, each publisher's in order, and are counted`() async throws {
        let bus = EventBus(gateway: "test:1", limit: 1_000_000)
        let registry = MeterRegistry()
        bus.register(with: registry)
        try await bus.start(on: self.loop)
        let listener = try await self.listen(to: bus)
        let (publishers, count) = (8, 2_000)
        await withTaskGroup(of: Void.self) { group in
            for publisher in 0..<publishers {
                // Some share the ring of those that are no workers.
                let sink: any EventSink = publisher < 6 ? bus.makeWorkerSink() : bus
                group.addTask {
                    for number in 0..<count {
                        sink.publish(
                            GatewayEvent("t", topic: "routes.\(publisher)", ["number": .integer(number)])
                        )
                    }
                }
            }
        }
        await bus.stop()
        let events = try await self.loop.submit { listener.value.events }.get()
        #expect(events.count == publishers * count)
        for publisher in 0..<publishers {
            let numbers = events.filter { $0.topic == "routes.\(publisher)" }.map { $0.data["number"] }
            #expect(numbers == (0..<count).map { .integer($0) })
            #expect(
                await self.value(of: "gateway_events_total", ["routes.\(publisher)"], in: registry) == Double(count)
            )
        }
        #expect(Set(events.map(\.id)).count == events.count)
        #expect(await self.value(of: "gateway_events_dropped_total", ["queue"], in: registry) == 0)
    }

    @Test func `a full ring drops the oldest and counts them`() async throws {
        let bus = EventBus(gateway: "test:1", limit: 2)
        let registry = MeterRegistry()
        bus.register(with: registry)
        for type in ["a", "b", "c"] { bus.publish(Self.event(type)) }
        #expect(await self.value(of: "gateway_events_dropped_total", ["queue"], in: registry) == 1)
        try await bus.start(on: self.loop)
        #expect(try await self.recent(of: bus).map(\.type) == ["b", "c"])
        #expect(await self.value(of: "gateway_events_dropped_total", ["queue"], in: registry) == 1)
        #expect(await self.value(of: "gateway_events_total", ["gateway"], in: registry) == 2)
        await bus.stop()
    }

    @Test func `no event is lost between two looks, whatever the moment of the start and the end`() async throws {
        for round in 0..<50 {
            let bus = EventBus(gateway: "test:1")
            let listener = SharedListener()
            bus.subscribe(listener, to: .global)
            let worker = bus.makeWorkerSink()
            async let published: Void = {
                for number in 0..<(round * 7) { worker.publish(Self.event("\(number)")) }
            }()
            try await bus.start(on: self.loop)
            await published
            await bus.stop()
            #expect(listener.types == (0..<(round * 7)).map { "\($0)" })
            #expect(listener.ends == 1)
        }
    }

    // MARK: Who listens

    @Test func `what nobody listens to does not wake the event loop, and reaches the history all the same`()
        async throws
    {
        let bus = EventBus(gateway: "test:1")
        let registry = MeterRegistry()
        bus.register(with: registry)
        try await bus.start(on: self.loop)
        let listener = try await self.listen(to: bus, EventTopics(["upstreams.api"]))
        bus.publish(Self.event("unheard", topic: "config"))
        bus.publish(Self.event("other", topic: "upstreams.b"))
        #expect(await self.value(of: "gateway_events_total", ["config"], in: registry) == 1)
        #expect(try await self.recent(of: bus).map(\.type) == ["unheard", "other"])
        bus.publish(Self.event("heard", topic: "upstreams.api"))
        await bus.stop()
        let types = try await self.loop.submit { listener.value.types }.get()
        #expect(types == ["heard"])
    }

    @Test func `subscribers change their topics and leave`() async throws {
        let bus = EventBus(gateway: "test:1")
        try await bus.start(on: self.loop)
        let listener = try await self.listen(to: bus, EventTopics(["config"]))
        let hands = try #require(bus.onLoop)
        func publish() async throws {
            bus.publish(Self.event("c", topic: "config"))
            bus.publish(Self.event("g", topic: "gateway"))
            _ = try await self.recent(of: bus)
        }
        try await publish()
        try await self.loop.submit { hands.value.change(listener.value, to: EventTopics(["gateway"])) }.get()
        try await publish()
        try await self.loop.submit { hands.value.unsubscribe(listener.value) }.get()
        try await publish()
        await bus.stop()
        try await self.loop.submit {
            #expect(listener.value.types == ["c", "g"])
            #expect(listener.value.ends == 0)
        }.get()
    }

    /// Leaves at its first event, and takes another one along.
    private final class Leaving: EventBus.Subscriber {
        let hands: EventBus.Hands
        var other: (any EventBus.Subscriber)?
        var count = 0
        init(_ hands: EventBus.Hands) { self.hands = hands }
        func receive(_ event: Event) {
            self.count += 1
            self.hands.unsubscribe(self)
            if let other = self.other { self.hands.unsubscribe(other) }
        }
    }

    @Test func `a subscriber that has left gets nothing more, even of the same event`() async throws {
        let bus = EventBus(gateway: "test:1")
        try await bus.start(on: self.loop)
        let hands = try #require(bus.onLoop)
        let (leaving, listener) = try await self.loop.submit { [loop] in
            let (leaving, listener) = (Leaving(hands.value), Listener())
            leaving.other = listener
            hands.value.subscribe(leaving)
            hands.value.subscribe(listener)
            return (NIOLoopBound(leaving, eventLoop: loop), NIOLoopBound(listener, eventLoop: loop))
        }.get()
        for type in ["a", "b"] { bus.publish(Self.event(type)) }
        await bus.stop()
        try await self.loop.submit {
            #expect(leaving.value.count == 1)
            #expect(listener.value.types.isEmpty)
        }.get()
    }

    /// Publishes an event for the first that it receives.
    private final class Echo: EventBus.Subscriber {
        let bus: EventBus
        init(_ bus: EventBus) { self.bus = bus }
        func receive(_ event: Event) {
            if event.type == "call" { self.bus.publish(EventBusTests.event("echo")) }
        }
    }

    @Test func `a subscriber may publish`() async throws {
        let bus = EventBus(gateway: "test:1")
        let listener = SharedListener()
        bus.subscribe(listener, to: .global)
        try await bus.start(on: self.loop)
        let hands = try #require(bus.onLoop)
        try await self.loop.submit { hands.value.subscribe(Echo(bus)) }.get()
        bus.publish(Self.event("call"))
        while listener.types.count < 2 { await Task.yield() }
        #expect(listener.types == ["call", "echo"])
        await bus.stop()
    }

    // MARK: From other threads

    @Test func `a subscriber from another thread gets what is published after it subscribed`() async throws {
        let bus = EventBus(gateway: "test:1")
        let early = SharedListener()
        bus.publish(Self.event("before"))
        bus.subscribe(early, to: .global)
        bus.publish(Self.event("a"))
        try await bus.start(on: self.loop)
        let late = SharedListener()
        bus.subscribe(late, to: .global)
        bus.publish(Self.event("b"))
        while late.types.isEmpty { await Task.yield() }
        bus.unsubscribe(late)
        // It takes effect on the event loop.
        try await self.loop.submit {}.get()
        bus.publish(Self.event("c"))
        await bus.stop()
        #expect(early.types == ["a", "b", "c"])
        #expect(late.types == ["b"])
        #expect(early.ends == 1)
        #expect(late.ends == 0)
    }

    @Test func `subscriptions end with a bus that never started, and with one that has stopped`() async throws {
        let listeners = (0..<3).map { _ in SharedListener() }
        do {
            let bus = EventBus(gateway: "test:1")
            bus.subscribe(listeners[0], to: .global)
        }
        let bus = EventBus(gateway: "test:1")
        bus.subscribe(listeners[1], to: .global)
        await bus.stop()
        bus.subscribe(listeners[2], to: .global)
        bus.publish(Self.event("late"))
        await bus.stop()
        #expect(listeners.map(\.ends) == [1, 1, 1])
        #expect(listeners.flatMap(\.types) == [])
    }

    // MARK: History

    @Test func `what came after an event is known while it is in the history`() async throws {
        let bus = EventBus(gateway: "test:1")
        try await bus.start(on: self.loop)
        for number in 0..<1001 { bus.publish(Self.event("\(number)")) }
        let hands = try #require(bus.onLoop)
        try await self.loop.submit {
            let recent = hands.value.recent
            #expect(recent.map(\.type) == (1...1000).map { "\($0)" })
            #expect(hands.value.events(after: recent[997].id)?.map(\.type) == ["999", "1000"])
            #expect(hands.value.events(after: recent[999].id)?.isEmpty == true)
            #expect(hands.value.events(after: EventID(high: 1, low: 1)) == nil)
        }.get()
        await bus.stop()
    }

    @Test func `an event is JSON on one line`() throws {
        var ids = EventIDs()
        let event = Event(
            GatewayEvent(
                "upstream.down",
                .warning,
                topic: "upstreams.a\"b",
                ["reason": "x\ny", "n": 1, "a": .array([true, .null])]
            ),
            id: ids.next(at: 1_733_000_000_123, random: 0),
            time: 1_733_000_000_123,
            gateway: "host:1"
        )
        #expect(
            String(buffer: event.json) == """
                {"id":"01937ed9-727b-7000-8000-000000000000","time":"2024-11-30T20:53:20.123Z","type":"upstream.down",\
                "severity":"warning","topic":"upstreams.a\\"b","gateway":"host:1","data":{"a":[true,null],"n":1,"reason":"x\\ny"}}
                """
        )
    }

    // MARK: Metrics

    @Test func `topics beyond a thousand share a series`() {
        var meters = EventMeters()
        for number in 0..<2000 { meters.count("routes.\(number)") }
        let published = meters.families[0]
        #expect(published.labels.count == 1001)
        #expect(published.labels.firstIndex(of: ["_OTHER"]).map { published.values[$0] } == 1003)
        #expect(published.values.reduce(0, +) == 2000)
    }
}
