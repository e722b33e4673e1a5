import Gateway
import NIOCore
import Synchronization
import Testing

@testable import GatewaySettings

/// What a client gets that connects again.
extension EndToEnd {
    @Suite struct EventReplayTests {
        @Test func `what followed the last event comes first, in order and of the same topics`() async throws {
            try await withEvents { gateway in
                let first = try await EventSource.open(gateway)
                for number in 0..<6 { gateway.publish(number, topic: number % 2 == 0 ? "config" : "alerts") }
                var ids: [String] = []
                for _ in 0..<6 { ids.append(try #require(try await first.next().id)) }
                first.close()
                let field = try await EventSource.open(gateway, "/events?topics=config", "Last-Event-ID: \(ids[0])")
                let query = try await EventSource.open(gateway, "/events?last_event_id=\(ids[2])")
                gateway.publish(6, topic: "config")
                for number in [2, 4, 6] { #expect(try await field.next().number == number) }
                for number in 3...6 { #expect(try await query.next().number == number) }
                let newest = try await EventSource.open(gateway, "/events", "Last-Event-ID: ")
                gateway.publish(7)
                #expect(try await newest.next().number == 7)
                for source in [field, query, newest] { source.close() }
            }
        }

        @Test func `a WebSocket gets it with its first topics`() async throws {
            try await withEvents { gateway in
                let first = try await EventSource.open(gateway)
                for number in 0..<4 { gateway.publish(number, topic: "config") }
                let id = try #require(try await first.next().id)
                for _ in 1..<4 { _ = try await first.next() }
                let socket = try await EventSocket.open(gateway, "/events/ws?last_event_id=\(id)")
                try await socket.subscribe("config")
                #expect(try await socket.next().topics == ["config"])
                for number in 1..<4 { #expect(try await socket.next().number == number) }
                // Only once.
                try await socket.subscribe("alerts")
                #expect(try await socket.next().topics == ["config", "alerts"])
                gateway.publish(4, topic: "alerts")
                #expect(try await socket.next().number == 4)
                first.close()
                socket.close()
            }
        }

        @Test(arguments: ["01920000-0000-7000-8000-000000000000", "nonsense"])
        func `an event that is no longer known is said to be missed first`(id: String) async throws {
            try await withEvents { gateway in
                let first = try await EventSource.open(gateway)
                for number in 0..<1005 { gateway.publish(number, topic: "config") }
                for number in 0..<1005 { #expect(try await first.next().number == number) }
                let second = try await EventSource.open(gateway, "/events?topics=config", "Last-Event-ID: \(id)")
                let error = try await second.next()
                #expect(error.type == "error" && error.code == "missed" && error.event == "error" && error.id == nil)
                for number in 5..<1005 { #expect(try await second.next().number == number) }
                first.close()
                second.close()
            }
        }

        private final class Progress: Sendable {
            let read = Atomic(0)
        }

        @Test func `reconnecting while events are published loses none and doubles none`() async throws {
            try await withEvents { gateway in
                let total = 10_000
                let progress = Progress()
                // Never more ahead of the reader than the ring holds.
                let publisher = Task {
                    for number in 0..<total {
                        // Until the first stream is open, events come slowly.
                        if progress.read.load(ordering: .relaxed) == 0 {
                            try await Task.sleep(for: .milliseconds(1))
                        }
                        while (1..<max(number - 500, 1)).contains(progress.read.load(ordering: .relaxed)) {
                            try await Task.sleep(for: .milliseconds(1))
                        }
                        gateway.publish(number, topic: "config")
                    }
                }
                var random = SeededGenerator(7)
                var next = 0
                var last: String?
                while next < total {
                    let target = last.map { "/events?topics=config&last_event_id=\($0)" } ?? "/events?topics=config"
                    let isSocket = next > 0 && Bool.random(using: &random)
                    let source = isSocket ? nil : try await EventSource.open(gateway, target)
                    let socket =
                        isSocket
                        ? try await EventSocket.open(gateway, target.replacing("/events?", with: "/events/ws?")) : nil
                    for _ in 0..<Int.random(in: 1...900, using: &random) where next < total {
                        var message = try await source?.next()
                        if let socket { message = try await socket.next() }
                        let number = try #require(message?.number)
                        // The first stream may begin after the first events.
                        if last == nil { next = number }
                        try #require(number == next)
                        last = message?.eventID
                        next += 1
                        progress.read.store(next, ordering: .relaxed)
                    }
                    source?.close()
                    socket?.close()
                }
                try await publisher.value
            }
        }
    }
}
