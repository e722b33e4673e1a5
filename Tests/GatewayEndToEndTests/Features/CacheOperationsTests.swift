import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// What surrounds the cache: invalidation, purges, warm responses, figures.
    @Suite struct CacheOperationsTests {
        /// Numbers its responses.
        private static func counting(_ fields: String...) -> ScriptedUpstream.Script {
            let count = NIOLockedValueBox(0)
            return serving { request in
                let number = count.withLockedValue { count in
                    count += 1
                    return count
                }
                let lines = fields.map { $0 + "\r\n" }.joined()
                let status = request.target == "/bad" || request["X-Fail"] != nil ? "403 No" : "200 OK"
                let body = "\(number)"
                return
                    "HTTP/1.1 \(status)\r\nCache-Control: max-age=60\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n"
                    + (request.method == "HEAD" ? "" : body)
            }
        }

        private static let admin = AdminListen.address(.host("127.0.0.1", port: 0))

        private func send(_ method: String, _ target: String, _ fields: String = "", to gateway: RunningGateway)
            async throws
        {
            let head = "\(method) \(target) HTTP/1.1\r\nHost: a.example\r\n\(fields)Content-Length: 0\r\n\r\n"
            _ = try await gateway.exchange(head)
        }

        @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "INVENTED"])
        func `an unsafe method drops the URL`(_ method: String) async throws {
            try await withProxy(Self.counting(), route: "cache = {}") { gateway, _ in
                #expect(try await gateway.get("/p?q").text == "1")
                #expect(try await gateway.get("/p?q").text == "1")
                try await self.send(method, "/p?q", to: gateway)
                #expect(try await gateway.get("/p?q").text == "3")
            }
        }

        @Test func `a safe method, another URL and an error drop nothing`() async throws {
            try await withProxy(Self.counting(), route: "cache = {}") { gateway, _ in
                #expect(try await gateway.get("/p").text == "1")
                try await self.send("POST", "/other", to: gateway)
                try await self.send("OPTIONS", "/p", to: gateway)
                try await self.send("POST", "/p", "X-Fail: 1\r\n", to: gateway)
                #expect(try await gateway.get("/p").text == "1")
            }
        }

        @Test func `an unsafe method drops Location and Content-Location of the same origin, through any route`()
            async throws
        {
            let script = Self.counting("Location: /l", "Content-Location: http://b.example/c")
            let more = """
                [[routes]]
                name = "write"
                path = "/*"
                methods = ["POST"]
                upstream = "api"
                """
            try await withProxy(script, route: "methods = [\"GET\"]\ncache = {}", more: more) { gateway, _ in
                #expect(try await gateway.get("/l").text == "1")
                #expect(try await gateway.get("/c").text == "2")
                try await self.send("POST", "/new", to: gateway)
                #expect(try await gateway.get("/l").text == "4")
                #expect(try await gateway.get("/c").text == "2")
            }
        }

        @Test func `a purge drops what it names, and the API lists what is stored`() async throws {
            let script = Self.counting("Cache-Tag: news, front")
            try await withProxy(script, route: "cache = {}", admin: Self.admin) { gateway, _ in
                let first = try await gateway.get("/a/1")
                #expect(first.text == "1")
                #expect(first["Cache-Tag"] == nil)
                _ = try await gateway.get("/b")
                let listed = try await gateway.admin("GET /cache?url=https://a.example/a/1").text.filter {
                    !$0.isWhitespace
                }
                #expect(
                    listed.contains("\"route\":\"all\"") && listed.contains("\"tags\":[\"news\",\"front\"]"),
                    "\(listed)"
                )
                let purged = try await gateway.admin(
                    "POST /cache/purge",
                    body: "{\"prefix\":\"http://a.example/a/\"}"
                )
                #expect(purged.text.filter { !$0.isWhitespace } == "{\"purged\":1}")
                #expect(try await gateway.get("/a/1").text == "3")
                #expect(try await gateway.get("/b").text == "2")
                _ = try await gateway.admin("POST /cache/purge", body: "{\"tag\":\"front\"}")
                #expect(try await gateway.get("/b").text == "4")
                let page = try await gateway.admin("GET /metrics").text
                #expect(page.contains("gateway_cache_purges_total 2"))
                #expect(page.contains("gateway_cache_requests_total{route=\"all\",result=\"miss\"} 4"))
                let wrong = try await gateway.admin("POST /cache/purge", body: "{}")
                #expect(wrong.status == 422)
            }
        }

        @Test func `a URL names what is stored for it without parameters that do not count`() async throws {
            let route = "cache = { ignore_query = [\"utm_*\"], sort_query = true }"
            try await withProxy(Self.counting(), route: route, admin: Self.admin) { gateway, _ in
                for number in 1...3 {
                    #expect(try await gateway.get("/p?b=%7e&utm_id=1&a=1").text == "\(number)")
                    let url = "HTTPS://A.example:443/x/../p?utm_id=2&b=~&a=1#f"
                    let escaped = url.replacing("&", with: "%26").replacing("#", with: "%23")
                    let listed = try await gateway.admin("GET /cache?url=\(escaped)").text
                    #expect(listed.contains("\"route\""), "\(listed)")
                    let purged = try await gateway.admin("POST /cache/purge", body: "{\"url\":\"\(url)\"}")
                    #expect(purged.text.filter { !$0.isWhitespace } == "{\"purged\":1}")
                }
                #expect(try await gateway.get("/p?a=1&b=~").text == "4")
                try await self.send("DELETE", "/p?utm_id=3&b=~&a=1", to: gateway)
                #expect(try await gateway.get("/p?a=1&b=~").text == "6")
            }
        }

        @Test func `what all hosts share is dropped at any host`() async throws {
            let route = "cache = { key_host = false }"
            try await withProxy(Self.counting(), route: route, admin: Self.admin) { gateway, _ in
                func page() async throws -> String {
                    try await gateway.exchange("GET /p?q HTTP/1.1\r\nHost: b.example\r\n\r\n").text
                }
                #expect(try await page() == "1")
                #expect(try await gateway.get("/p?q").text == "1")
                try await self.send("POST", "/p?q", to: gateway)
                #expect(try await page() == "3")
                for (number, purge) in [
                    "{\"url\":\"http://a.example/p?q\"}", "{\"prefix\":\"http://a.example/\"}",
                    "{\"prefix\":\"http://c.exam\"}",
                ].enumerated() {
                    let listed = try await gateway.admin("GET /cache?url=http://a.example/p?q").text
                    #expect(listed.contains("\"route\""), "\(listed)")
                    let purged = try await gateway.admin("POST /cache/purge", body: purge)
                    #expect(purged.text.filter { !$0.isWhitespace } == "{\"purged\":1}", "\(purge)")
                    #expect(try await page() == "\(number + 4)")
                }
            }
        }

        @Test func `a reload with a smaller max_size evicts, and one without a cache empties it`() async throws {
            let body = String(repeating: "x", count: 4000)
            func settings(_ size: String) -> String { "cache = { max_size = \"\(size)\", max_object = \"8KiB\" }" }
            let script = serving { _ in ok(body, "Cache-Control: max-age=60") }
            try await withProxy(script, route: settings("1MiB"), admin: Self.admin) { gateway, upstream in
                func stored() async throws -> Int {
                    let page = try await gateway.admin("GET /metrics").text
                    let line = page.split(separator: "\n").first { $0.hasPrefix("gateway_cache_bytes ") }
                    return Int(Double(line?.split(separator: " ").last ?? "") ?? 0)
                }
                for number in 0..<40 { _ = try await gateway.get("/\(number)") }
                try await eventuallyAsync("all is stored") { (try? await stored()) ?? 0 > 160_000 }
                try await gateway.reload(proxy(to: upstream.url, route: settings("64KiB")))
                try await eventuallyAsync("the rest fits") { (try? await stored()) ?? .max <= 65_536 }
                #expect(try await stored() > 40_000)
                try await gateway.reload(proxy(to: upstream.url))
                try await eventuallyAsync("nothing is left") { (try? await stored()) == 0 }
            }
        }

        @Test func `a warm request stores its response before anyone asks for it`() async throws {
            let route = "hosts = [\"a.example\"]\ncache = { warm = [{ path = \"/w\", headers = { X-Lang = \"de\" } }] }"
            try await withProxy(Self.counting(), route: route) { gateway, upstream in
                try await eventually("the warm request") { upstream.requests.count == 1 }
                #expect(upstream.requests.first?["X-Lang"] == "de")
                #expect(try await gateway.get("/w").text == "1")
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `Server-Timing tells what the cache did`() async throws {
            let more = "[middleware.server_timing]"
            try await withProxy(Self.counting(), route: "cache = {}", more: more) { gateway, _ in
                _ = try await gateway.get("/p")
                #expect(try await gateway.get("/p")["Server-Timing"]?.hasSuffix(", cache;desc=hit") == true)
            }
        }
    }
}
