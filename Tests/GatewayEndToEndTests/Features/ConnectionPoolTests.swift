import NIOConcurrencyHelpers
import NIOCore
import Testing

extension EndToEnd {
    /// How many connections a target gets, and which requests wait for one.
    @Suite struct ConnectionPoolTests {
        @Test func `one connection serves many clients in turn`() async throws {
            try await withProxy(serving { ok($0.target) }) { gateway, upstream in
                for number in 0..<20 {
                    let response = try await gateway.get("/\(number)")
                    #expect(response.text == "/\(number)")
                }
                #expect(upstream.connections == 1)
            }
        }

        #if os(Linux)
            @Test(arguments: [1, 2])
            func `there are never more than max_connections, and every request is served`(_ limit: Int) async throws {
                let most = NIOLockedValueBox(0)
                let script: ScriptedUpstream.Script = { session in
                    let open = EstablishedConnections.count(at: session.upstream.port)
                    most.withLockedValue { $0 = max($0, open) }
                    try await session.serve { ok($0.target) }
                }
                try await withProxy(
                    script,
                    upstream: "max_connections = \(limit)\nqueue = \"20s\"",
                    workers: 2
                ) { gateway, upstream in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for client in 0..<24 {
                            group.addTask {
                                let connection = try await gateway.connect()
                                for number in 0..<10 {
                                    try await connection.send("GET /\(client)-\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                                    let response = try await connection.response()
                                    #expect(response.text == "/\(client)-\(number)")
                                }
                                connection.close()
                            }
                        }
                        try await group.waitForAll()
                    }
                    #expect(most.withLockedValue { $0 } <= limit)
                    #expect(upstream.requests.count == 240)
                }
            }
        #endif

        /// A connection that never gets a response.
        private static let silent: ScriptedUpstream.Script = { session in
            _ = try await session.request()
            _ = try await session.connection.rest(within: .seconds(30))
        }

        @Test func `a request over max_pending gets 503 at once`() async throws {
            try await withProxy(
                Self.silent,
                upstream: "max_connections = 1\nmax_pending = 1\nqueue = \"30s\""
            ) { gateway, upstream in
                let first = try await gateway.connect()
                try await first.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("the first has reached the upstream") { upstream.requests.count == 1 }
                let second = try await gateway.connect()
                try await second.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                // Either of the second and the third may be the one that waits.
                let third = try await gateway.connect()
                try await third.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("one is rejected") { second.inbox.total + third.inbox.total > 0 }
                let response = try await (second.inbox.total > 0 ? second : third).response()
                #expect(response.status == 503)
                #expect(response.code == "overloaded")
                #expect(response["Retry-After"] == "1")
                // Once the first has left, the waiting request may open another connection.
                #expect(upstream.connections == 1)
                for client in [first, second, third] { client.close() }
            }
        }

        @Test func `a request that waits longer than queue gets 503`() async throws {
            try await withProxy(
                Self.silent,
                upstream: "max_connections = 1\nqueue = \"50ms\""
            ) { gateway, upstream in
                let first = try await gateway.connect()
                try await first.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("the first has reached the upstream") { upstream.requests.count == 1 }
                let response = try await gateway.get("/2")
                #expect(response.status == 503)
                #expect(response.code == "overloaded")
                first.close()
            }
        }

        @Test func `a client that leaves the queue frees its place in it`() async throws {
            let go = Signal()
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { request in
                    if request.target == "/1" { try await go.wait() }
                    return ok(request.target)
                }
            }
            try await withProxy(
                script,
                upstream: "max_connections = 1\nmax_pending = 1\nqueue = \"30s\""
            ) { gateway, upstream in
                let first = try await gateway.connect()
                try await first.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("the first has reached the upstream") { upstream.requests.count == 1 }
                for _ in 0..<5 {
                    let leaving = try await gateway.connect()
                    try await leaving.send("GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
                    try await leaving.reset()
                }
                go.fire()
                #expect(try await first.response().text == "/1")
                let response = try await gateway.get("/2")
                #expect(response.text == "/2")
                first.close()
            }
        }

        /// Answers once, and closes the kept connection on a signal.
        private static func stale(_ close: Signal) -> ScriptedUpstream.Script {
            { session in
                if session.index == 0 {
                    _ = try await session.request()
                    try await session.send(ok("first"))
                    try await close.wait()
                    return
                }
                try await session.serve { ok("again \($0.method) \($0.text)") }
            }
        }

        @Test(arguments: ["GET", "POST"])
        func `a kept connection that the upstream has closed is replaced before anything is sent`(
            _ method: String
        ) async throws {
            let close = Signal()
            try await withProxy(Self.stale(close)) { gateway, upstream in
                _ = try await gateway.get("/")
                close.fire()
                try await eventually("it is closed") { upstream.openConnections == 0 }
                let response = try await gateway.exchange(
                    "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                )
                #expect(response.status == 200)
                #expect(response.text == "again \(method) abc")
            }
        }

        /// Reads the second request on the first connection, and then closes the connection without a response.
        private static let dying: ScriptedUpstream.Script = { session in
            if session.index == 0 {
                _ = try await session.request()
                try await session.send(ok("first"))
                _ = try await session.request()
                return
            }
            try await session.serve { ok("again \($0.method) \($0.text)") }
        }

        @Test(arguments: ["GET", "PUT"])
        func `a repeatable request is retried if a kept connection fails (RFC 9110 section 9.2.2)`(
            _ method: String
        ) async throws {
            try await withProxy(Self.dying) { gateway, upstream in
                _ = try await gateway.get("/")
                let response = try await gateway.exchange(
                    "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                )
                #expect(response.text == "again \(method) abc")
                #expect(upstream.requests.count == 3)
            }
        }

        @Test(arguments: ["POST", "FANCY"])
        func `a request that may not be repeated is never sent twice`(_ method: String) async throws {
            try await withProxy(Self.dying) { gateway, upstream in
                _ = try await gateway.get("/")
                let response = try await gateway.exchange(
                    "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                )
                #expect(response.status == 502)
                #expect(response.code == "upstream_reset")
                #expect(upstream.requests.map(\.method) == ["GET", method])
            }
        }

        @Test func `a failure of a new connection is not retried`() async throws {
            try await withProxy(playing { _ = try await $0.request() }) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 502)
                #expect(response.code == "upstream_reset")
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `an idle connection is closed after idle_timeout`() async throws {
            try await withProxy(serving { _ in ok() }, upstream: "idle_timeout = \"50ms\"") {
                gateway,
                upstream in
                _ = try await gateway.get("/")
                try await eventually("it is closed") { upstream.openConnections == 0 }
            }
        }

        @Test func `an idle connection is closed after idle_timeout even if a request has waited longer`()
            async throws
        {
            let go = Signal()
            let script: ScriptedUpstream.Script = serving { request in
                if request.target == "/held" { try await go.wait() }
                return ok()
            }
            let settings = "max_connections = 1\nqueue = \"60s\"\nidle_timeout = \"50ms\""
            try await withProxy(script, upstream: settings) { gateway, upstream in
                _ = try await gateway.get("/")
                let clients = [try await gateway.connect(), try await gateway.connect()]
                try await clients[0].send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("it has reached the upstream") { upstream.requests.count == 2 }
                try await clients[1].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                // Gives the pool time to check its deadlines while the second request waits.
                try await Task.sleep(for: .milliseconds(200))
                go.fire()
                for client in clients {
                    #expect(try await client.response().status == 200)
                    client.close()
                }
                try await eventually("it is closed") { upstream.openConnections == 0 }
            }
        }

        @Test func `a connection is not kept longer than the upstream's Keep-Alive`() async throws {
            try await withProxy(serving { _ in ok("", "Keep-Alive: timeout=1, max=9") }) {
                gateway,
                upstream in
                _ = try await gateway.get("/")
                try await eventually("it is closed") { upstream.openConnections == 0 }
                #expect(try await gateway.get("/").status == 200)
                #expect(upstream.connections == 2)
            }
        }
    }
}
