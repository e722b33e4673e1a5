import FoundationEssentials
import GatewayEvents
import NIOConcurrencyHelpers
import NIOCore
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension EndToEnd {
    /// The program is killed at random moments while webhooks get events.
    @Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
    struct WebhookCrashTests {
        /// The values of `webhook-id` that a receiver got, in order.
        private final class Received: Sendable {
            private let all = NIOLockedValueBox<[String]>([])

            var ids: [String] { self.all.withLockedValue { $0 } }

            func add(_ request: Message) { self.all.withLockedValue { $0.append(request["webhook-id"] ?? "") } }
        }

        /// The deliveries in the store of a program that does not run, in the order of their events.
        private static func stored(in folder: String, pending: Bool) throws -> [String] {
            // A copy, because opening the file repairs it, which is the task of the program.
            for file in ["gateway.db", "gateway.db-wal"] {
                let data = FileManager.default.contents(atPath: "\(folder)/\(file)") ?? Data()
                try data.write(to: URL(filePath: "\(folder)/copy-\(file)"))
            }
            let store = try SQLiteConnection(path: "\(folder)/copy-gateway.db", busyTimeout: 1000)
            let states = pending ? "0, 1" : "0, 1, 2, 3"
            return try store.all("SELECT hex(event) FROM deliveries WHERE state IN (\(states)) ORDER BY n") {
                $0.text(0).lowercased()
            }
        }

        /// `webhook-id` contains the ID of the event.
        private static func event(of id: String) -> String { String(id.dropFirst(4).prefix(32)) }

        @Test func `kill loses no event that was accepted`() async throws {
            let rounds = Thoroughness.count(10, thorough: 300)
            let seed: UInt64 = 20
            let received = Received()
            let slowness = NIOLockedValueBox(SeededGenerator(seed))
            let script = serving { request in
                let wait = slowness.withLockedValue { Int.random(in: 0...8, using: &$0) }
                try await Task.sleep(for: .milliseconds(wait))
                received.add(request)
                return ok()
            }
            try await withUpstream(script) { receiver in
                try await withFolder { folder in
                    try Data(Self.toml(receiver.port).utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
                    try await Self.kill(in: folder, rounds, seed, received)
                }
            }
        }

        private static func toml(_ port: Int) -> String {
            """
            [events]
            store = "gateway.db"
            allow_private = true
            [[events.webhooks]]
            id = "crash"
            url = "http://127.0.0.1:\(port)/"
            events = ["*"]
            [[routes]]
            path = "/*"
            respond = { body = "served" }
            """
        }

        private static func kill(in folder: String, _ rounds: Int, _ seed: UInt64, _ received: Received) async throws {
            var random = SeededGenerator(seed)
            var pending: [String] = []
            var start = 0
            for round in 0...rounds {
                let program = try GatewayProgram(
                    ["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
                    in: folder
                )
                let admin = try #require(try await program.addresses().admin)
                let (expected, first) = (Set(pending), start)
                try await program.eventually("what waited in round \(round) is delivered") {
                    expected.isSubset(of: received.ids[first...].map(Self.event))
                }
                var seen: Set<String> = []
                let again = received.ids[first...].map(Self.event).filter { seen.insert($0).inserted }
                #expect(again.filter(expected.contains) == pending, "round \(round), seed \(seed)")
                guard round < rounds else {
                    program.signal(SIGTERM)
                    _ = try await program.end()
                    break
                }
                let wait = Int.random(in: 20...250, using: &random)
                let kill = Task {
                    try await Task.sleep(for: .milliseconds(wait))
                    program.signal(SIGKILL)
                }
                try? await Self.causeEvents(at: admin)
                try await kill.value
                _ = try await program.end()
                start = received.ids.count
                pending = try Self.stored(in: folder, pending: true)
            }
            // Nothing was lost, and each event has one ID.
            let all = try Self.stored(in: folder, pending: false)
            let ids = Set(received.ids)
            #expect(Set(all).isSubset(of: ids.map(Self.event)))
            #expect(Set(ids.map(Self.event)).count == ids.count)
            #expect(all.count > rounds)
        }

        /// Causes events as fast as the admin API allows, until the program ends.
        private static func causeEvents(at admin: SocketAddress) async throws {
            let client = try await RawConnection.connect(to: admin)
            defer { client.close() }
            while true {
                for method in ["POST", "DELETE"] {
                    try await client.send("\(method) /drain HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    _ = try await client.finalResponse()
                }
            }
        }
    }
}
