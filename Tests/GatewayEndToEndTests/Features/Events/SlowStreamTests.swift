import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewaySettings

/// Clients that read slowly or not at all.
extension EndToEnd {
    @Suite struct SlowStreamTests {
        @Test func `a slow client loses the oldest, is told how many, and gets the newest`() async throws {
            try await withEvents { gateway in
                let fast = try await EventSource.open(gateway, "/events?topics=config")
                let slow = try await EventSource.open(gateway, "/events?topics=config", buffers: 4096)
                slow.connection.readSlowly()
                // More than the kernel holds.
                let total = 1000
                for number in 0..<total {
                    gateway.publish(number, topic: "config", filler: 4096)
                    #expect(try await fast.next().number == number)
                }
                slow.connection.readSlowly(ahead: .max)
                var (next, missed) = (0, 0)
                while next + missed < total {
                    let message = try await slow.next()
                    if message.code == "lagging" {
                        let count = try #require(message.json["missed"] as? Int)
                        #expect(count > 0)
                        missed += count
                    } else {
                        #expect(try #require(message.number) == next + missed)
                        next += 1
                    }
                }
                #expect(missed > 0)
                let clients = try await EventStreamTests.clients(gateway)
                #expect(clients.map { $0["dropped"] as? Int } == [0, missed])
                fast.close()
                slow.close()
            }
        }

        @Test func `hundreds of clients that do not read hold a bounded amount, and harm no one`() async throws {
            try await withEvents("max_clients = 401") { gateway in
                let fast = try await EventSource.open(gateway, "/events?topics=config")
                var slow: [RawConnection] = []
                for index in 0..<400 {
                    if index % 2 == 0 {
                        let source = try await EventSource.open(gateway, "/events?topics=config", buffers: 4096)
                        slow.append(source.connection)
                    } else {
                        let socket = try await EventSocket.open(gateway, "/events/ws?topics=config", buffers: 4096)
                        slow.append(socket.connection)
                    }
                    slow[index].readSlowly()
                }
                for number in 0..<400 {
                    gateway.publish(number, topic: "config", filler: 16_384)
                    #expect(try await fast.next().number == number)
                }
                let events = try #require(gateway.server.runtime?.events)
                let waiting = await events.streamClients().map(\.client.waiting)
                #expect(waiting.count == 401)
                #expect(waiting.allSatisfy { $0 <= StreamQueue.limit })
                // They are ended at once all the same.
                #expect(try await gateway.admin("POST /drain").status == 200)
                try await eventuallyAsync("no clients") { await events.streamClients().isEmpty }
                fast.close()
                for client in slow { client.close() }
            }
        }
    }
}
