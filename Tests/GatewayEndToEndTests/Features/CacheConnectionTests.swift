import Gateway
import NIOConcurrencyHelpers
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// Cached routes over all protocols, and while the gateway or its clients change.
    @Suite struct CacheConnectionTests {
        private static let fresh = "Cache-Control: max-age=60"
        private static let get = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"

        private static func isStored(_ gateway: RunningGateway) async throws {
            try await eventuallyAsync("the response is stored") {
                (try? await gateway.get("/a", "Cache-Control: only-if-cached"))?.status == 200
            }
        }

        /// Answers once the signal fires.
        private static func waiting(for signal: Signal, _ body: String = "page") -> ScriptedUpstream.Script {
            serving { _ in
                try await signal.wait()
                return ok(body, Self.fresh)
            }
        }

        // MARK: Protocols

        @Test func `HTTP/1.1 and HTTP/2 share what is stored`() async throws {
            try await withProxy(serving { _ in ok("page", Self.fresh) }, route: "cache = {}") { gateway, upstream in
                #expect(try await gateway.get("/a").text == "page")
                try await Self.isStored(gateway)
                let client = try await FrameClient.connect(to: gateway)
                defer { client.close() }
                let answer = try await client.exchange(FrameClient.request("GET", "/a"), on: 1)
                #expect(answer.status == 200 && answer.body == "page")
                #expect(answer.fields.contains { $0.hasPrefix("cache-status: gateway; hit; ttl=") })
                let part = try await client.exchange(FrameClient.request("GET", "/a", ("range", "bytes=1-2")), on: 3)
                #expect(part.status == 206 && part.body == "ag")
                let head = try await client.exchange(FrameClient.request("HEAD", "/a"), on: 5)
                #expect(head.status == 200 && head.body == "")
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `responses are stored over TLS`() async throws {
            try await Wire.$current.withValue(.tls) {
                try await withProxy(serving { _ in ok("page", Self.fresh) }, route: "cache = {}") { gateway, upstream in
                    #expect(try await gateway.get("/a").text == "page")
                    try await Self.isStored(gateway)
                    #expect(try await gateway.get("/a", "Range: bytes=1-2").text == "ag")
                    #expect(upstream.requests.count == 1)
                }
            }
        }

        @Test func `an HTTP/1.0 client gets a chunked body with its length`() async throws {
            let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\(Self.fresh)\r\n\r\n4\r\npage\r\n0\r\n\r\n"
            try await withProxy(serving { _ in chunked }, route: "cache = {}") { gateway, upstream in
                _ = try await gateway.get("/a")
                try await Self.isStored(gateway)
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET /a HTTP/1.0\r\nHost: a.example\r\n\r\n")
                let text = try await client.rest().text
                #expect(text.contains("\r\nContent-Length: 4\r\n") && text.hasSuffix("\r\n\r\npage"))
                #expect(!text.lowercased().contains("transfer-encoding"))
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `early hints reach the client that has caused the fetch, and are not stored`() async throws {
            let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
            try await withProxy(serving { _ in hints + ok("page", Self.fresh) }, route: "cache = {}") {
                gateway,
                upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send(Self.get)
                #expect(try await client.response().status == 103)
                #expect(try await client.response().text == "page")
                try await Self.isStored(gateway)
                try await client.send(Self.get)
                let hit = try await client.response()
                #expect(hit.text == "page")
                #expect(hit["link"] == nil)
                #expect(upstream.requests.count == 1)
            }
        }

        // MARK: Bodies

        @Test func `a page with a nonce is not stored`() async throws {
            let policy = """
                [middleware.security_headers.csp]
                nonce = "html"
                policy = "script-src 'nonce-{nonce}'"
                """
            let script = serving { _ in ok("<script>a</script>", Self.fresh, "Content-Type: text/html") }
            try await withProxy(script, route: "cache = {}", more: policy) { gateway, upstream in
                var policies: Set<String> = []
                for _ in 0..<2 {
                    let response = try await gateway.get("/a")
                    policies.insert(response["content-security-policy"] ?? "")
                    #expect(response["cache-status"]?.contains("stored") == false)
                }
                #expect(policies.count == 2)
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `an encoded body is kept, and others get the plain one`() async throws {
            let text = String(repeating: "to be stored ", count: 400)
            let script = serving { _ in ok(text, Self.fresh, "Content-Type: text/plain", "ETag: \"1\"") }
            let more = "[middleware.compression]"
            let admin = AdminListen.address(.host("127.0.0.1", port: 0))
            try await withProxy(script, route: "cache = {}", more: more, admin: admin) { gateway, upstream in
                var bodies: Set<[UInt8]> = []
                for _ in 0..<3 {
                    let response = try await gateway.get("/a", "Accept-Encoding: gzip")
                    #expect(response["content-encoding"] == "gzip")
                    #expect(response["etag"] != "\"1\"")
                    bodies.insert(Array(response.body))
                    try await Self.isStored(gateway)
                }
                #expect(bodies.count == 1)
                let plain = try await gateway.get("/a")
                #expect(plain.text == text && plain["content-encoding"] == nil)
                let listed = try await gateway.admin("GET /cache?url=http://a.example/a").text
                #expect(listed.filter { !$0.isWhitespace }.contains("\"encodings\":[\"gzip\"]"), "\(listed)")
                #expect(upstream.requests.count == 1)
            }
        }

        // MARK: Changes during a fetch

        @Test func `a client that leaves does not end a fetch that another waits for`() async throws {
            let answer = Signal()
            let more = CacheFetchTests.expose
            try await withProxy(Self.waiting(for: answer), route: "cache = {}", more: more, workers: 2) {
                gateway,
                upstream in
                let first = try await gateway.connect()
                defer { first.close() }
                try await first.send(Self.get)
                try await eventually("the request was received") { upstream.requests.count == 1 }
                async let second = gateway.get("/a")
                try await CacheFetchTests.wait(forRequests: 2, in: gateway)
                try await first.reset()
                answer.fire()
                #expect(try await second.text == "page")
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `a reload does not disturb a fetch, whose response is stored`() async throws {
            let answer = Signal()
            try await withProxy(Self.waiting(for: answer), route: "cache = {}") { gateway, upstream in
                async let response = gateway.get("/a")
                try await eventually("the request was received") { upstream.requests.count == 1 }
                let changed = "cache = { max_size = \"10MiB\", default_ttl = \"1s\" }"
                #expect(try await gateway.reload(proxy(to: upstream.url, route: changed)).isEmpty)
                answer.fire()
                #expect(try await response.text == "page")
                try await Self.isStored(gateway)
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `clients that wait for a fetch get its response while the gateway drains`() async throws {
            let answer = Signal()
            let more = CacheFetchTests.expose
            try await withProxy(
                Self.waiting(for: answer),
                route: "cache = {}",
                more: more,
                drainTimeout: .seconds(10)
            ) { gateway, upstream in
                async let first = gateway.get("/a")
                async let second = gateway.get("/a")
                try await CacheFetchTests.wait(forRequests: 2, in: gateway)
                gateway.server.shutdown()
                answer.fire()
                #expect(try await first.text == "page")
                #expect(try await second.text == "page")
                #expect(upstream.requests.count == 1)
            }
        }
    }
}
