import GatewayCore
import GatewayEvents
import Logging
import NIOCore
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
        #expect(events.all.withLock { $0 }.flatMap(EventCatalog.deviations) == [])
    }

    private final class Lines: Sendable {
        let all = Mutex<[String]>([])

        var logger: Logger { Logger(label: "test") { [self] _ in Handler(lines: self) } }

        struct Handler: LogHandler {
            let lines: Lines
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.info
            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { self.metadata[key] }
                set { self.metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                let reason = event.metadata?["reason"].map { ": \($0)" } ?? ""
                self.lines.all.withLock { $0.append("\(event.message)\(reason)") }
            }
        }
    }

    @Test func `reasons are logged once while a server is down, and only some`() {
        let lines = Lines()
        let nodes = RedisNodes(events: NoEvents())
        let client = nodes.addClient()
        for reason in ["closed", "refused", "closed", "refused", "a", "b", "c", "d"] {
            nodes.down("a:1", client: client, because: reason, log: lines.logger)
        }
        let stills = ["refused", "a", "b"].map { "Redis is still down: \($0)" }
        #expect(lines.all.withLock { $0 } == ["Redis is down: closed"] + stills)
        nodes.up("a:1", client: client, log: Self.log)
        nodes.down("a:1", client: client, because: "closed", log: lines.logger)
        #expect(lines.all.withLock { $0.last } == "Redis is down: closed")
    }

    @Test func `a refused command is logged at most once a minute`() {
        let lines = Lines()
        let nodes = RedisNodes(events: NoEvents())
        for second in [0, 1, 59, 60, 61] as [Int64] {
            let now = NIODeadline.uptimeNanoseconds(0) + .seconds(second)
            nodes.refused("EVALSHA", by: "a:1", because: "OOM at \(second)", at: now, log: lines.logger)
        }
        let text = "Redis refused a command: OOM at"
        #expect(lines.all.withLock { $0 } == ["\(text) 0", "\(text) 60"])
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
