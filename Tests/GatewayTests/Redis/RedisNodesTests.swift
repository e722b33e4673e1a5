import GatewayCore
import Logging
import Synchronization
import Testing

@testable import GatewayRedis

struct RedisNodesTests {
    private final class Events: EventSink {
        let all = Mutex<[GatewayEvent]>([])
        func publish(_ event: GatewayEvent) { self.all.withLock { $0.append(event) } }
        var types: [String] { self.all.withLock { $0.map(\.type) } }
    }

    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `a server is down while any worker has lost it, and that is told once`() {
        let events = Events()
        let nodes = RedisNodes(events: events)
        let (first, second) = (nodes.addClient(), nodes.addClient())
        nodes.up("a:1", client: first, log: Self.log)
        nodes.up("a:1", client: second, log: Self.log)
        #expect(nodes.conditions.map(\.isUp) == [true])
        #expect(events.types.isEmpty)
        nodes.down("a:1", client: first, because: "it closed the connection", log: Self.log)
        nodes.down("a:1", client: second, because: "it closed the connection", log: Self.log)
        #expect(nodes.conditions.first?.problem == "it closed the connection")
        #expect(nodes.families().first?.values == [0])
        #expect(events.types == ["redis.down"])
        nodes.up("a:1", client: first, log: Self.log)
        #expect(nodes.conditions.first?.isUp == false)
        nodes.up("a:1", client: second, log: Self.log)
        #expect(nodes.conditions.first?.connected == 2)
        #expect(nodes.families().first?.values == [1])
        #expect(events.types == ["redis.down", "redis.up"])
    }

    @Test func `another server that takes over ends the failure`() {
        let events = Events()
        let nodes = RedisNodes(events: events)
        let client = nodes.addClient()
        nodes.up("a:1", client: client, log: Self.log)
        nodes.down("a:1", client: client, because: "gone", log: Self.log)
        nodes.forget(client: client, but: ["b:1"])
        nodes.up("b:1", client: client, log: Self.log)
        nodes.up("c:1", client: client, log: Self.log)
        #expect(events.types == ["redis.down", "redis.up"])
    }

    @Test func `servers that are no longer used are forgotten`() {
        let nodes = RedisNodes(events: NoEvents())
        let client = nodes.addClient()
        nodes.down("a:1", client: client, because: "gone", log: Self.log)
        nodes.up("b:1", client: client, log: Self.log)
        nodes.forget(client: client, but: ["b:1"])
        #expect(nodes.conditions.map(\.name) == ["b:1"])
        nodes.forget(client: client)
        #expect(nodes.conditions.isEmpty)
        #expect(nodes.families().isEmpty)
    }
}
