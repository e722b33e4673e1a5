import Gateway
import NIOConcurrencyHelpers
import Testing

extension EndToEnd {
    /// How the cache fetches what it does not have, and for whom.
    @Suite struct CacheFetchTests {
        static let expose = "[admin]\nexpose = [\"/metrics\"]"

        /// Runs a gateway with a cache in front of an upstream.
        private static func withCache<R>(
            _ script: @escaping ScriptedUpstream.Script,
            _ settings: String = "",
            workers: Int = 1,
            _ body: (RunningGateway, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            let more = "[routes.cache]\n\(settings)\n\(Self.expose)"
            return try await withProxy(script, more: more, workers: workers, body)
        }

        /// Waits until this many requests are in flight.
        static func wait(forRequests count: Int, in gateway: RunningGateway) async throws {
            try await eventuallyAsync("\(count) requests are in flight") {
                guard let page = try? await gateway.get("/metrics").text else { return false }
                let name = "gateway_http_requests_in_flight{route=\"all\"} "
                let line = page.split(separator: "\n").first { $0.hasPrefix(name) }
                return line.flatMap { Int($0.dropFirst(name.count)) } ?? 0 >= count
            }
        }

        private static let fresh = "Cache-Control: max-age=60"

        // MARK: One after the other

        @Test func `a response is fetched once and then answers from memory`() async throws {
            try await Self.withCache(serving { _ in ok("page", Self.fresh, "ETag: \"1\"") }) { gateway, upstream in
                let first = try await gateway.get("/a")
                #expect(first.text == "page")
                #expect(first["cache-status"] == "gateway; fwd=uri-miss; stored")
                try await eventuallyAsync("the response is stored") {
                    (try? await gateway.get("/a"))?["cache-status"] == "gateway; hit; ttl=60"
                }
                let second = try await gateway.get("/a")
                #expect(second.text == "page")
                #expect(second["age"] != nil)
                let head = try await gateway.exchange("HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(head["content-length"] == "4")
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `a large body goes on whenever the client accepts more`() async throws {
            let body = String(repeating: "0123456789abcdef", count: 128 * 1024)
            try await Self.withCache(serving { _ in ok(body, Self.fresh) }) { gateway, upstream in
                for target in ["/a", "/b", "/a"] {
                    let response = try await gateway.get(target)
                    #expect(response.text == body)
                }
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `a miss asks for the whole, without conditions`() async throws {
            try await Self.withCache(serving { _ in ok("0123456789", Self.fresh, "ETag: \"1\"") }) {
                gateway,
                upstream in
                let part = try await gateway.get("/a", "Range: bytes=2-4", "If-Range: \"1\"")
                #expect(part.status == 206)
                #expect(part.text == "234")
                let known = try await gateway.get("/a", "If-None-Match: \"1\"")
                #expect(known.status == 304)
                #expect(upstream.requests.count == 1)
                #expect(upstream.requests[0]["range"] == nil)
                #expect(upstream.requests[0]["if-range"] == nil)
            }
        }

        @Test func `what is not stored is fetched for each client as it asks`() async throws {
            let script = serving { request in
                request["if-none-match"] == nil
                    ? ok("mine", "Cache-Control: private", "ETag: \"1\"") : "HTTP/1.1 304 Not Modified\r\n\r\n"
            }
            try await Self.withCache(script) { gateway, upstream in
                for _ in 0..<2 {
                    let response = try await gateway.get("/a")
                    #expect(response.text == "mine")
                    #expect(response["cache-status"] == "gateway; fwd=uri-miss; detail=private")
                }
                #expect(try await gateway.get("/a", "If-None-Match: \"1\"").status == 304)
                #expect(upstream.requests.count == 3)
            }
        }

        @Test func `a stale response is confirmed by the upstream`() async throws {
            let script = serving { request in
                request["if-none-match"] == "\"1\""
                    ? "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nX-New: 1\r\n\r\n"
                    : ok("page", "Cache-Control: max-age=0", "ETag: \"1\"")
            }
            try await Self.withCache(script) { gateway, upstream in
                _ = try await gateway.get("/a")
                try await eventuallyAsync("the response is stored") {
                    (try? await gateway.get("/a"))?["cache-status"]?.contains("fwd-status=304") == true
                }
                let second = try await gateway.get("/a")
                #expect(second.status == 200)
                #expect(second.text == "page")
                #expect(second["x-new"] == "1")
                #expect(upstream.requests.last?["if-none-match"] == "\"1\"")
            }
        }

        @Test func `what varies only since its 304 is for nobody else`() async throws {
            let script = serving { request in
                request["if-none-match"] == nil
                    ? ok(request["x-user"] ?? "", "Cache-Control: max-age=0", "ETag: \"1\"")
                    : "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nVary: X-User\r\n\r\n"
            }
            try await Self.withCache(script) { gateway, _ in
                try await eventuallyAsync("the response is confirmed") {
                    let response = try? await gateway.get("/a", "X-User: 1")
                    #expect(response?.text == "1")
                    return response?["cache-status"]?.contains("fwd-status=304") == true
                }
                #expect(try await gateway.get("/a", "X-User: 2").text == "2")
            }
        }

        @Test func `a 304 for another representation is followed by a request for the whole`() async throws {
            let script = serving { request in
                if request["if-none-match"] != nil { return "HTTP/1.1 304 Not Modified\r\nETag: \"2\"\r\n\r\n" }
                return ok("page", "Cache-Control: max-age=0", "ETag: \"1\"")
            }
            try await Self.withCache(script) { gateway, upstream in
                for _ in 0..<3 {
                    let text = try await gateway.get("/a").text
                    #expect(text == "page")
                }
                #expect(upstream.requests.count(where: { $0["if-none-match"] == nil }) == 3)
            }
        }

        @Test func `a stale response stands in for an error`() async throws {
            let isBroken = NIOLockedValueBox(false)
            let script = serving { _ in
                isBroken.withLockedValue { $0 }
                    ? "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
                    : ok("page", "Cache-Control: max-age=0", "ETag: \"1\"")
            }
            try await Self.withCache(script, "stale_if_error = \"1h\"") { gateway, _ in
                _ = try await gateway.get("/a")
                isBroken.withLockedValue { $0 = true }
                let stale = try await gateway.get("/a")
                #expect(stale.status == 200)
                #expect(stale.text == "page")
                #expect(stale["cache-status"]?.hasPrefix("gateway; hit; ttl=") == true)
            }
        }

        @Test func `a stale response is served while it is fetched again`() async throws {
            let count = NIOLockedValueBox(0)
            let script = serving { _ in
                let number = count.withLockedValue { number in
                    number += 1
                    return number
                }
                return ok("page \(number)", number == 1 ? "Cache-Control: max-age=0" : Self.fresh)
            }
            try await Self.withCache(script, "stale_while_revalidate = \"1h\"\ndefault_ttl = \"0s\"") {
                gateway,
                upstream in
                #expect(try await gateway.get("/a").text == "page 1")
                try await eventually("the response is asked for") { upstream.requests.count == 1 }
                #expect(try await gateway.get("/a").text == "page 1")
                try await eventuallyAsync("the new response is stored") {
                    (try? await gateway.get("/a"))?.text == "page 2"
                }
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `only-if-cached asks no upstream`() async throws {
            try await Self.withCache(serving { _ in ok("page", Self.fresh) }) { gateway, upstream in
                let response = try await gateway.get("/a", "Cache-Control: only-if-cached")
                #expect(response.status == 504)
                #expect(response.text.contains("\"not_cached\""))
                #expect(upstream.requests.isEmpty)
            }
        }

        @Test func `a HEAD that misses goes upstream as HEAD and stores nothing`() async throws {
            let script = serving { request in
                request.startLine.hasPrefix("HEAD")
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\(Self.fresh)\r\n\r\n"
                    : ok("page", Self.fresh)
            }
            try await Self.withCache(script) { gateway, upstream in
                let head = try await gateway.exchange("HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(head["content-length"] == "4")
                #expect(try await gateway.get("/a").text == "page")
                #expect(upstream.requests.map { $0.startLine.prefix(4) } == ["HEAD", "GET "])
            }
        }

        @Test(arguments: ["Content-Type: text/event-stream", "Vary: *", "Set-Cookie: a=b", "Cache-Control: no-store"])
        func `never stored`(field: String) async throws {
            try await Self.withCache(serving { _ in ok("page", Self.fresh, field) }) { gateway, upstream in
                for _ in 0..<2 {
                    let text = try await gateway.get("/a").text
                    #expect(text == "page")
                }
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `each variant is fetched once`() async throws {
            let script = serving { request in ok(request["x-kind"] ?? "none", Self.fresh, "Vary: X-Kind") }
            try await Self.withCache(script) { gateway, upstream in
                for kind in ["a", "b", "a", "b"] {
                    let text = try await gateway.get("/a", "X-Kind: \(kind)").text
                    #expect(text == kind)
                }
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `a body over the limit passes and is not stored`() async throws {
            let body = String(repeating: "x", count: 3000)
            let script = serving { request in
                request.target == "/chunked"
                    ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\(Self.fresh)\r\n\r\nbb8\r\n\(body)\r\n0\r\n\r\n"
                    : ok(body, Self.fresh)
            }
            try await Self.withCache(script, "max_object = \"1KiB\"") { gateway, upstream in
                for target in ["/a", "/chunked"] {
                    for _ in 0..<2 {
                        let text = try await gateway.get(target).text
                        #expect(text == body)
                    }
                }
                #expect(upstream.requests.count == 4)
            }
        }

        // MARK: Together

        @Test func `clients that miss at once make one request`() async throws {
            let answer = Signal()
            let script = serving { _ in
                try await answer.wait()
                return ok("page", Self.fresh)
            }
            try await Self.withCache(script, workers: 2) { gateway, upstream in
                try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<40 { group.addTask { try await gateway.get("/a").text } }
                    try await Self.wait(forRequests: 40, in: gateway)
                    answer.fire()
                    for try await text in group { #expect(text == "page") }
                }
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `a failure is told to all that wait`() async throws {
            let answer = Signal()
            let script = serving { _ in
                try await answer.wait()
                return "HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
            }
            try await Self.withCache(script, workers: 2) { gateway, upstream in
                try await withThrowingTaskGroup(of: Message.self) { group in
                    for _ in 0..<8 { group.addTask { try await gateway.get("/a") } }
                    try await Self.wait(forRequests: 8, in: gateway)
                    answer.fire()
                    for try await response in group {
                        #expect(response.status == 503)
                        #expect(response["retry-after"] == "7")
                    }
                }
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `where the response is for one client, the others go for themselves`() async throws {
            let answer = Signal()
            let script = serving { request in
                try await answer.wait()
                return ok(request["x-user"] ?? "", "Cache-Control: private")
            }
            try await Self.withCache(script, workers: 2) { gateway, upstream in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for user in 0..<8 {
                        group.addTask {
                            let text = try await gateway.get("/a", "X-User: \(user)").text
                            #expect(text == "\(user)")
                        }
                    }
                    try await Self.wait(forRequests: 8, in: gateway)
                    answer.fire()
                    try await group.waitForAll()
                }
                #expect(upstream.requests.count == 8)
            }
        }

        @Test(arguments: ["max-age=60", "no-cache"])
        func `those whom a stored response does not serve go for themselves`(control: String) async throws {
            let answer = Signal()
            let script = serving { request in
                try await answer.wait()
                return ok(request["cookie"] ?? "anonymous", "Cache-Control: \(control)")
            }
            try await Self.withCache(script) { gateway, upstream in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await gateway.get("/a") }
                    try await eventually("the first request was received") { upstream.requests.count == 1 }
                    for number in 0..<3 {
                        group.addTask {
                            let text = try await gateway.get("/a", "Cookie: user=\(number)").text
                            #expect(text == "user=\(number)")
                        }
                    }
                    try await Self.wait(forRequests: 4, in: gateway)
                    answer.fire()
                    try await group.waitForAll()
                }
                #expect(upstream.requests.count == 4)
            }
        }

        @Test func `a second request is sent if the first takes long, and its head serves all`() async throws {
            let stuck = Signal()
            let script = playing { session in
                _ = try await session.request()
                if session.index == 0 { try await stuck.wait() }
                try await session.send(ok("page", Self.fresh))
            }
            try await Self.withCache(script, "coalesce_wait = \"5ms\"") { gateway, upstream in
                async let first = gateway.get("/a")
                try await eventually("the first request was received") { upstream.requests.count == 1 }
                #expect(try await gateway.get("/a").text == "page")
                #expect(try await first.text == "page")
                #expect(upstream.requests.count == 2)
                stuck.fire()
            }
        }

        @Test func `the response to a second request is for nobody else where it is for one client`() async throws {
            let stuck = Signal()
            let script = playing { session in
                let request = try await session.request()
                if session.index == 0 { try await stuck.wait() }
                try await session.send(ok(request["x-user"] ?? "", "Cache-Control: private"))
            }
            try await Self.withCache(script, "coalesce_wait = \"5ms\"", workers: 2) { gateway, _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    defer { stuck.fire() }
                    for user in 0..<8 {
                        group.addTask {
                            let text = try await gateway.get("/a", "X-User: \(user)").text
                            #expect(text == "\(user)")
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }

        @Test func `a client that joins gets what is there already`() async throws {
            let rest = Signal()
            let script = playing { session in
                _ = try await session.request()
                try await session.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nETag: \"1\"\r\n\(Self.fresh)\r\n\r\nhalf"
                )
                try await rest.wait()
                try await session.send("half")
            }
            try await Self.withCache(script, workers: 2) { gateway, upstream in
                var clients: [RawConnection] = []
                defer { for client in clients { client.close() } }
                for _ in 0..<4 {
                    let client = try await gateway.connect()
                    clients.append(client)
                    try await client.send("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    _ = try await client.head()
                    #expect(try await client.bytes(4) == Array("half".utf8))
                }
                rest.fire()
                for client in clients { #expect(try await client.bytes(4) == Array("half".utf8)) }
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `a fetch outlives its client once its head is to be stored`() async throws {
            let rest = Signal()
            let script = playing { session in
                _ = try await session.request()
                try await session.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nETag: \"1\"\r\n\(Self.fresh)\r\n\r\nhalf"
                )
                try await rest.wait()
                try await session.send("half")
            }
            try await Self.withCache(script) { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
                _ = try await client.head()
                try await client.reset()
                rest.fire()
                #expect(try await gateway.get("/a").text == "halfhalf")
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `a fetch without a head ends with its last client`() async throws {
            let script = playing { session in
                _ = try await session.request()
                _ = try await session.connection.rest()
            }
            try await Self.withCache(script) { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
                try await eventually("the request was received") { upstream.requests.count == 1 }
                try await client.reset()
                try await eventually("the upstream's connection is closed") { upstream.openConnections == 0 }
            }
        }

        @Test func `a response that breaks off is cut for all and not stored`() async throws {
            let end = Signal()
            let script = playing { session in
                _ = try await session.request()
                if session.index > 0 { return try await session.send(ok("whole", Self.fresh)) }
                try await session.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nETag: \"1\"\r\n\(Self.fresh)\r\n\r\nhalf"
                )
                try await end.wait()
            }
            try await Self.withCache(script, workers: 2) { gateway, upstream in
                var clients: [RawConnection] = []
                defer { for client in clients { client.close() } }
                for _ in 0..<2 {
                    let client = try await gateway.connect()
                    clients.append(client)
                    try await client.send("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    _ = try await client.head()
                    #expect(try await client.bytes(4) == Array("half".utf8))
                }
                end.fire()
                for client in clients {
                    let text = try await client.rest().text
                    #expect(text == "")
                }
                #expect(try await gateway.get("/a").text == "whole")
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `trailers follow a fetched body`() async throws {
            let script = serving { _ in
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nETag: \"1\"\r\n\(Self.fresh)\r\n\r\n"
                    + "4\r\npage\r\n0\r\nX-Sum: 7\r\n\r\n"
            }
            try await Self.withCache(script) { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET /a HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\n\r\n")
                #expect(try await client.text(through: "0\r\nX-Sum: 7\r\n\r\n").contains("4\r\npage\r\n"))
                let hit = try await gateway.get("/a")
                #expect(hit.text == "page")
                #expect(hit["trailer"] == nil)
                #expect(upstream.requests.count == 1)
            }
        }
    }
}
