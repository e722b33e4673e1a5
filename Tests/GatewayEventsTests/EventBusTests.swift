import GatewayCore
import GatewayEvents
import NIOCore
import NIOPosix
import Testing

@Suite struct EventBusTests {
    private final class Listener: EventBus.Subscriber {
        var types: [String] = []
        func receive(_ event: Event) { self.types.append(event.type) }
    }

    @Test func `subscribers get events in order, those published before the start too`() async throws {
        let bus = EventBus(gateway: "test:1")
        bus.publish(GatewayEvent("a", .info, topic: "gateway"))
        let worker = bus.makeWorkerSink()
        worker.publish(GatewayEvent("b", .info, topic: "gateway"))
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await bus.start(on: loop)
        let hands = try #require(bus.onLoop)
        let listener = try await loop.submit {
            let listener = Listener()
            hands.value.subscribe(listener)
            return NIOLoopBound(listener, eventLoop: loop)
        }.get()
        for type in ["c", "d", "e"] { worker.publish(GatewayEvent(type, .info, topic: "gateway")) }
        await bus.stop()
        try await loop.submit {
            #expect(listener.value.types == ["c", "d", "e"])
            #expect(hands.value.recent.map(\.type) == ["a", "b", "c", "d", "e"])
            #expect(hands.value.recent.map(\.id) == hands.value.recent.map(\.id).sorted())
        }.get()
    }

    @Test func `a full ring drops the oldest and counts them`() async throws {
        let bus = EventBus(gateway: "test:1", limit: 2)
        for type in ["a", "b", "c"] { bus.publish(GatewayEvent(type, .info, topic: "gateway")) }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await bus.start(on: loop)
        let hands = try #require(bus.onLoop)
        try await loop.submit { #expect(hands.value.recent.map(\.type) == ["b", "c"]) }.get()
        await bus.stop()
    }
}
