import Gateway
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// What clients see of a drain: every connected client gets a response, and the response announces the close.
    @Suite struct DrainAnswerTests {
        static func listenersAreClosed(_ gateway: RunningGateway) async throws {
            try await eventuallyAsync("the listeners are closed") {
                guard let client = try? await gateway.connect() else { return true }
                client.close()
                return false
            }
        }

        private static let request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

        @Test func `during drain_delay, connections are accepted, and every response announces the close`()
            async throws
        {
            let toml = "[server]\ndrain_delay = \"2s\"\n[[routes]]\npath = \"/*\"\nrespond = { body = \"x\" }"
            try await withGateway(toml, drainTimeout: .seconds(20)) { gateway in
                let idle = try await gateway.connect()
                try await idle.send(Self.request)
                #expect(try await idle.response()["Connection"] == nil)
                gateway.server.shutdown()
                try await eventuallyAsync("responses announce the close") {
                    (try? await gateway.get("/"))?["Connection"] == "close"
                }
                try await idle.send(Self.request)
                let last = try await idle.response()
                #expect(last.text == "x")
                #expect(last["Connection"] == "close")
                #expect(try await idle.rest().end == .finished)
                let old = try await gateway.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                #expect(old["Connection"] == "close")
                #expect(try await gateway.exchange("GET\r\n\r\n")["Connection"] == "close")
            }
        }

        @Test func `an idle connection gets a response to a request that was in flight`() async throws {
            try await withProxy(serving { ok($0.target) }, drainTimeout: .seconds(20)) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(Self.request)
                #expect(try await client.response()["Connection"] == nil)
                gateway.server.shutdown()
                try await Self.listenersAreClosed(gateway)
                try await client.send(Self.request)
                let response = try await client.response()
                #expect(response.text == "/x")
                #expect(response["Connection"] == "close")
                #expect(try await client.rest().end == .finished)
                try await gateway.run.value
            }
        }

        @Test func `a client whose response began before the drain may send one more request`() async throws {
            let go = Signal()
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                // Without a tag, the gateway would collect the body before it sends the head.
                try await session.send("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 4\r\n\r\nab")
                try await go.wait()
                try await session.send("cd")
                try await session.serve { ok($0.target) }
            }
            try await withProxy(script, drainTimeout: .seconds(20)) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(Self.request)
                #expect(try await !client.head().contains("Connection"))
                gateway.server.shutdown()
                try await Self.listenersAreClosed(gateway)
                go.fire()
                #expect(try await client.bytes(4) == Array("abcd".utf8))
                try await client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await client.response()
                #expect(response.text == "/next")
                #expect(response["Connection"] == "close")
                #expect(try await client.rest().end == .finished)
            }
        }

        @Test(arguments: ["G", "GET / HTTP/1.1\r\nHost: a\r\n"])
        func `an incomplete head at the end of drain_timeout is answered with 503`(begun: String)
            async throws
        {
            try await withProxy(serving { _ in ok() }, drainTimeout: .milliseconds(300)) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(begun)
                let other = try await gateway.connect()
                try await other.send(Self.request)
                // By now the gateway has read what was sent before.
                _ = try await other.response()
                gateway.server.shutdown()
                let response = try await client.response()
                #expect(response.status == 503)
                #expect(response.code == "draining")
                #expect(response["Connection"] == "close")
                #expect(try await client.rest().text == "")
                await #expect(throws: DrainError.self) { try await gateway.run.value }
            }
        }

        /// Half of the clients keep their connections, half open one per request. Every request sent on a connection
        /// that the gateway has accepted gets a response.
        @Test func `clients that send requests in a loop lose none during a drain`() async throws {
            let answered = NIOLockedValueBox(0)
            try await withProxy(
                serving { ok($0.target) },
                server: "drain_delay = \"300ms\"",
                workers: 2,
                drainTimeout: .seconds(20)
            ) { gateway, _ in
                try await withThrowingTaskGroup(of: [String].self) { group in
                    for lane in 0..<16 {
                        group.addTask { try await Self.loop(gateway, lane, answered) }
                    }
                    try await eventually("many requests have been answered") { answered.withLockedValue { $0 } > 1_000 }
                    gateway.server.shutdown()
                    for try await lost in group { #expect(lost == []) }
                }
                try await gateway.run.value
            }
        }

        /// The requests without a response on accepted connections.
        private static func loop(
            _ gateway: RunningGateway,
            _ lane: Int,
            _ answered: NIOLockedValueBox<Int>
        ) async throws -> [String] {
            var number = 0
            var lost: [String] = []
            while let client = try? await gateway.connect() {
                defer { client.close() }
                var isFirst = true
                while true {
                    number += 1
                    let target = "/\(lane)/\(number)"
                    try? await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                    guard let response = try? await client.response() else {
                        // If the listener closed at that moment, only the kernel may have accepted the connection.
                        let isClosed = (try? await gateway.connect())?.close() == nil
                        if !isFirst || !isClosed { lost.append(target) }
                        break
                    }
                    isFirst = false
                    #expect(response.text == target)
                    answered.withLockedValue { $0 += 1 }
                    if response["Connection"] == "close" || lane % 2 == 0 { break }
                }
            }
            return lost
        }
    }
}
