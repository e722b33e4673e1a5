import Gateway
import GatewayEvents
import GatewaySettings
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayCore

extension EndToEnd {
    /// `server.memory_limit`.
    @Suite struct OverloadTests {
        private static let limit = "memory_limit = \"1MiB\""
        private static let exposed = "[admin]\nexpose = [\"/health\", \"/health/live\"]"

        @Test func `above the limit requests get 503 and reach no upstream, but admin endpoints answer`() async throws {
            try await withProxy(serving { _ in ok() }, server: Self.limit, more: Self.exposed) { gateway, upstream in
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let refused = try await client.response()
                    #expect(refused.status == 503)
                    #expect(refused["retry-after"] == "1")
                    #expect(refused.text.contains("overloaded"))
                }
                client.close()
                #expect(upstream.connections == 0)

                let health = try await gateway.get("/health")
                #expect(health.status == 200)
                #expect(health.text.contains("\"warn\"") && health.text.contains("memory:limit"))
                let live = try await gateway.get("/health/live")
                #expect(live.status == 200)
            }
        }

        @Test func `below the limit requests are served`() async throws {
            try await withProxy(serving { _ in ok() }, server: "memory_limit = \"64GiB\"", more: Self.exposed) {
                gateway,
                _ in
                let served = try await gateway.get("/")
                #expect(served.status == 200)
                let health = try await gateway.get("/health")
                #expect(!health.text.contains("memory:limit"))
            }
        }

        @Test func `requests are accepted again, and operators are told`() async throws {
            let events = RecordedEvents()
            let shared = SharedState(events: events)
            let limit = NIOLockedValueBox(1)
            let watch = RuntimeWatch(
                shared,
                memoryLimit: { limit.withLockedValue { $0 } },
                interval: .milliseconds(1),
                log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            await watch.start(watching: [])
            #expect(shared.isOverloaded)
            limit.withLockedValue { $0 = 1 << 50 }
            try await eventually("requests are accepted") { !shared.isOverloaded }
            await watch.stop()
            #expect(events.all.map(\.type) == ["gateway.overloaded", "gateway.recovered"])
            #expect(events.all.map(\.severity) == [.critical, .info])
            #expect(events.all.flatMap(EventCatalog.deviations) == [])
        }
    }
}

/// Keeps all events.
private final class RecordedEvents: EventSink {
    private let box = NIOLockedValueBox<[GatewayEvent]>([])

    var all: [GatewayEvent] { self.box.withLockedValue { $0 } }

    func publish(_ event: GatewayEvent) { self.box.withLockedValue { $0.append(event) } }
}
