import FoundationEssentials
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// `GET /requests`: what is kept of requests that failed, broke off or were slow.
    @Suite struct KeptRequestsTests {
        struct Page: Decodable {
            let requests: [Entry]
            let omitted: Int
        }

        struct Entry: Decodable {
            struct Phases: Decodable {
                let queueMs, connectMs, firstByteMs, bodyMs: Double?
            }

            struct Try: Decodable {
                let target: String?
                let status: Int?
                let failure: String?
                let durationMs: Double?
            }

            let requestId, traceId, route, method, path, query, code, end, consumer: String?
            let status: Int
            let time: String
            let durationMs: Double
            let phases: Phases
            let tries: [Try]
        }

        private static let admin = AdminListen.address(.host("127.0.0.1", port: 0))
        private static let retry = "[routes.retry]\nbackoff = \"0s\"\nbudget = 1.0"

        private static func page(of gateway: RunningGateway, _ query: String = "") async throws -> Page {
            let answer = try await gateway.admin("GET /requests\(query)")
            #expect(answer.status == 200)
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Page.self, from: Data(answer.text.utf8))
        }

        /// The only entry, once there is one.
        private static func entry(of gateway: RunningGateway) async throws -> Entry {
            try await eventuallyAsync("a request is kept") { try await !self.page(of: gateway).requests.isEmpty }
            let page = try await self.page(of: gateway)
            #expect(page.requests.count == 1)
            return try #require(page.requests.first)
        }

        @Test func `an answer with 5xx is kept, others are not`() async throws {
            let script = serving { request in
                request.target.hasPrefix("/bad") ? "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy" : ok("fine")
            }
            try await withProxy(script, admin: Self.admin) { gateway, upstream in
                _ = try await gateway.get("/good")
                _ = try await gateway.get("/missing")
                let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
                let answer = try await gateway.get("/bad/1", "traceparent: 00-\(trace)-00f067aa0ba902b7-00")
                let entry = try await Self.entry(of: gateway)
                #expect(entry.status == 503)
                #expect(entry.requestId == answer["x-request-id"])
                #expect(entry.route == "all" && entry.method == "GET" && entry.path == "/bad/1")
                #expect(entry.end == "complete")
                #expect(entry.query == nil && entry.consumer == nil)
                #expect(entry.tries.map(\.target) == [upstream.authority])
                #expect(entry.tries.map(\.status) == [503])
                let duration = try #require(entry.tries.first?.durationMs)
                #expect(duration >= 0 && duration <= entry.durationMs + 1)
                #expect(entry.phases.firstByteMs != nil)
                let id = try #require(entry.requestId)
                let single = try await gateway.admin("GET /requests/\(id)")
                #expect(single.status == 200 && single.text.contains(id))
                #expect(try await gateway.admin("GET /requests/no-such-id").status == 404)
            }
        }

        @Test func `two tries are listed with their targets, failures and times`() async throws {
            let closed = try await withUpstream(playing { _ in }) { $0.authority }
            try await withUpstream(serving { _ in "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n" }) { upstream in
                let toml = proxy(
                    to: "http://\(closed)",
                    upstream.url,
                    upstream: "balance = \"round_robin\"",
                    route: Self.retry
                )
                try await withGateway(toml, admin: Self.admin) { gateway in
                    _ = try await gateway.get("/")
                    let entry = try await Self.entry(of: gateway)
                    #expect(entry.status == 502)
                    #expect(entry.tries.count >= 2)
                    #expect(entry.tries.contains { $0.target == closed && $0.failure == "refused" && $0.status == nil })
                    #expect(entry.tries.last?.status == 502 && entry.tries.last?.target == upstream.authority)
                    #expect(entry.tries.allSatisfy { $0.durationMs != nil })
                }
            }
        }

        @Test func `a slow answer is kept`() async throws {
            let script = serving { request in
                if request.target.hasPrefix("/slow") { try await Task.sleep(for: .milliseconds(60)) }
                return ok("late")
            }
            try await withUpstream(script) { upstream in
                let toml = proxy(to: upstream.url)
                try await withGateway(toml, admin: Self.admin) { gateway in
                    try await gateway.reload(toml) { $0.log.slowRequest = .milliseconds(50) }
                    _ = try await gateway.get("/fast")
                    _ = try await gateway.get("/slow")
                    try await eventuallyAsync("the slow request is kept") {
                        try await Self.page(of: gateway).requests.contains { $0.path == "/slow" }
                    }
                    let entry = try #require(
                        try await Self.page(of: gateway, "?min_ms=50&status=200").requests.first { $0.path == "/slow" }
                    )
                    #expect(entry.durationMs >= 50)
                    #expect(try #require(entry.phases.firstByteMs) >= 50)
                    #expect(entry.status == 200 && entry.code == nil)
                }
            }
        }

        @Test func `a request whose client left is kept as 499`() async throws {
            let received = Signal()
            let script = playing { session in
                _ = try await session.request()
                received.fire()
                _ = try await session.request()
            }
            try await withProxy(script, admin: Self.admin) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
                try await received.wait()
                client.close()
                let entry = try await Self.entry(of: gateway)
                #expect(entry.end == "client_gone" && entry.status == 499 && entry.path == "/left")
            }
        }

        @Test func `an answer that the upstream cut is kept`() async throws {
            let script = playing { session in
                _ = try await session.request()
                // So much that a part has reached the client before the end.
                let part = String(repeating: "x", count: 60_000)
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + part)
            }
            try await withProxy(script, admin: Self.admin) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n")
                let entry = try await Self.entry(of: gateway)
                #expect(entry.end == "upstream_reset" && entry.status == 200)
                #expect(entry.tries.first?.failure == "reset")
                client.close()
            }
        }

        @Test func `an error of the gateway has its code, and no credential is kept`() async throws {
            let closed = try await withUpstream(playing { _ in }) { $0.url }
            try await withGateway(proxy(to: closed), admin: Self.admin) { gateway in
                _ = try await gateway.get(
                    "/a?token=t0psecret&q=1&Access_Token=t0psecret&sig=t0psecret",
                    "Authorization: Bearer t0psecret",
                    "Cookie: session=t0psecret",
                    "X-API-Key: t0psecret"
                )
                let entry = try await Self.entry(of: gateway)
                #expect(entry.code == "upstream_unreachable")
                #expect(entry.path == "/a")
                #expect(
                    entry.query == "token=[redacted]&q=1&Access_Token=[redacted]&sig=[redacted]"
                )
                let text = try await gateway.admin("GET /requests").text
                #expect(!text.contains("t0psecret"))
                let dashboard = try await gateway.admin("GET /monitoring/dashboard").text
                #expect(!dashboard.contains("t0psecret"))
            }
        }

        @Test func `a flood of errors stays bounded, and the newest come first`() async throws {
            let closed = try await withUpstream(playing { _ in }) { $0.url }
            try await withGateway(proxy(to: closed), workers: 2, admin: Self.admin) { gateway in
                let path = "/" + String(repeating: "a", count: 3000)
                let count = 1200
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask { for _ in 0..<count / 4 { _ = try await gateway.get(path) } }
                    }
                    try await group.waitForAll()
                }
                let page = try await Self.page(of: gateway, "?limit=1000")
                #expect(page.requests.count <= 1000)
                #expect(page.requests.count + page.omitted >= 1000)
                #expect(page.requests.allSatisfy { ($0.path?.utf8.count ?? 0) <= 512 })
                #expect(page.requests.map(\.time) == page.requests.map(\.time).sorted(by: >))
                #expect(try await Self.page(of: gateway).requests.count == 100)
                #expect(try await Self.page(of: gateway, "?status=4xx").requests.isEmpty)
            }
        }

        @Test(arguments: ["?status=6xx", "?limit=0", "?min_ms=-1", "?nothing=1", "?status=502&status=503"])
        func `nonsense is refused`(query: String) async throws {
            try await withGateway(proxy(to: "http://127.0.0.1:1"), admin: Self.admin) { gateway in
                let answer = try await gateway.admin("GET /requests\(query)")
                #expect(answer.status == 422)
                #expect(answer["content-type"] == "application/problem+json")
            }
        }
    }
}
