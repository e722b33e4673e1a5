import NIOConcurrencyHelpers
import NIOCore
import Testing

extension EndToEnd {
    /// Requests by which an attacker tries to change what others get from the cache, or to get what is theirs.
    @Suite struct CachePoisoningTests {
        /// Tells in its body everything of a request that an upstream might obey, and lets all of it be stored.
        private static let telling = serving { request in
            let fields = request.fields.filter {
                !["via", "x-request-id", "traceparent"].contains($0.name.lowercased())
            }
            let lines = fields.map { "\($0.name.lowercased()): \($0.value)" }.sorted()
            let body = ([request.method + " " + request.target] + lines + [request.text]).joined(separator: "\n")
            return ok(body, "Cache-Control: public, max-age=60")
        }

        private static func withCache(
            _ script: @escaping ScriptedUpstream.Script = CachePoisoningTests.telling,
            settings: String = "cache = {}",
            server: String = "",
            _ body: (RunningGateway, ScriptedUpstream) async throws -> Void
        ) async throws {
            try await withProxy(
                script,
                server: server,
                route: settings,
                more: "[middleware.errors]\nnormalize = \"none\""
            ) {
                gateway,
                upstream in try await body(gateway, upstream)
            }
        }

        /// The body that a plain request gets, which must be what an upstream answers to a plain request.
        private func victim(_ gateway: RunningGateway, _ target: String = "/p") async throws -> String {
            try await gateway.get(target).text
        }

        @Test(arguments: [
            "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "X-Forwarded-Port: 1337",
            "X-Forwarded-For: 6.6.6.6",
            "X-Forwarded-Scheme: nothttps", "X-Forwarded-Prefix: /evil", "Forwarded: host=evil.example",
            "X_Forwarded_Host: evil.example", "X-Real-IP: 6.6.6.6", "X-Original-URL: /admin", "X-Rewrite-URL: /admin",
            "X-Original-Host: evil.example", "X-Host: evil.example", "X-HTTP-Method-Override: POST",
            "X-HTTP-Method: DELETE",
            "X-Method-Override: PUT",
            "Connection: X-Forwarded-Host\\r\\nX-Forwarded-Host: evil.example", "Connection: close, Host",
        ])
        func `a field that is not in the key reaches nobody else`(_ field: String) async throws {
            try await Self.withCache { (gateway, _) async throws in
                let line = field.replacing("\\r\\n", with: "\r\n")
                let attack = try await gateway.get("/p", line)
                #expect(attack.status == 200 || attack.status == 400)
                let text = try await self.victim(gateway)
                for word in ["evil", "1337", "6.6.6.6", "/admin", "nothttps", "override", "x-http-method"] {
                    #expect(!text.lowercased().contains(word), "\(text)")
                }
                #expect(text.hasPrefix("GET /p\n"))
            }
        }

        @Test func `a body of a GET reaches nobody else`() async throws {
            try await Self.withCache { (gateway, _) async throws in
                let attack = "GET /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\ncall=evil"
                #expect(try await gateway.exchange(attack).text.contains("evil"))
                #expect(try await !self.victim(gateway).contains("evil"))
            }
        }

        @Test(arguments: [
            "/p?a=1&utm_x=evil", "/p?utm_x=1;call=evil&a=1", "/p?a=1&utm_x=1%26call=evil", "/p?a=1&utm_%78=evil",
            "/p?a=1;call=evil", "/p?a=1&call=evil", "/p?a=1&a=evil", "/p?a=1%26call=evil", "/p?a=1%00evil",
            "/p?A=1&evil",
            "/p?utm_x=1&a=1&utm_x=call%3Devil",
        ])
        func `a parameter that does not count does not reach the upstream`(_ attack: String) async throws {
            try await Self.withCache(settings: "cache = { ignore_query = [\"utm_*\"], sort_query = true }") {
                gateway,
                _ in
                _ = try await gateway.get(attack)
                let text = try await self.victim(gateway, "/p?a=1")
                #expect(text.hasPrefix("GET /p?a=1\n"), "\(text)")
                #expect(!text.contains("evil"))
            }
        }

        @Test(arguments: [
            "/x/../p/y", "/p%2f..%2fevil", "/p;evil", "/p/.;/evil", "/p%3Fevil", "/p%23evil", "/p%00", "//p", "/p/",
            "/P",
            "/p%5Cevil", "/p%0d%0aevil:1", "/p%09",
        ])
        func `another spelling of a path poisons none that the upstream tells apart`(_ attack: String) async throws {
            try await Self.withCache { (gateway, _) async throws in
                _ = try await gateway.get(attack)
                #expect(try await self.victim(gateway).hasPrefix("GET /p\n"))
            }
        }

        @Test(arguments: ["a.example:1337", "A.EXAMPLE.:80", "a.example.", "b.example", "a.example:"])
        func `another host or port poisons none`(_ host: String) async throws {
            let redirecting = serving { request in
                "HTTP/1.1 301 Moved\r\nLocation: http://\(request["X-Forwarded-Host"] ?? "")/q\r\n"
                    + "Cache-Control: max-age=60\r\nContent-Length: 0\r\n\r\n"
            }
            try await Self.withCache(redirecting) { (gateway, _) async throws in
                _ = try await gateway.exchange("GET /p HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(try await gateway.get("/p")["Location"] == "http://a.example/q")
            }
        }

        @Test(arguments: [400, 401, 403, 408, 413, 414, 416, 422, 429, 431, 501, 505])
        func `a status that an odd request provokes is not stored`(_ status: Int) async throws {
            let touchy = serving { request in
                request["X-Odd"] == nil
                    ? ok("good", "Cache-Control: public, max-age=60")
                    : "HTTP/1.1 \(status) No\r\nCache-Control: public, max-age=60\r\nContent-Length: 3\r\n\r\nbad"
            }
            try await Self.withCache(touchy) { (gateway, _) async throws in
                #expect(try await gateway.get("/p", "X-Odd: \(String(repeating: "x", count: 8000))").status == status)
                #expect(try await gateway.get("/p").text == "good")
            }
        }

        @Test func `an oversized head gets an error that is not stored`() async throws {
            try await Self.withCache { (gateway, _) async throws in
                let attack = try await gateway.get("/p", "X-Odd: \(String(repeating: "x", count: 100_000))")
                #expect(attack.status == 431)
                #expect(try await gateway.get("/p").status == 200)
            }
        }

        @Test(arguments: [
            "/account/x.css", "/account;x.css", "/account%2Fx.css", "/account%00.css", "/account?x.css",
            "/account%3Fx.css",
            "/account.css",
        ])
        func `a page of one client is not stored under the name of a file`(_ target: String) async throws {
            let account = serving { request in
                guard let user = request["Cookie"] else { return ok("log in", "Cache-Control: max-age=60") }
                return ok("secret of \(user)", "Cache-Control: max-age=60", "Content-Type: text/css")
            }
            try await Self.withCache(account, settings: "cache = { default_ttl = \"1h\" }") {
                (gateway, _) async throws in
                let victim = try await gateway.get(target, "Cookie: ann")
                guard victim.status == 200 else { return }
                #expect(victim.text == "secret of ann")
                #expect(try await gateway.get(target).text == "log in")
                #expect(try await gateway.get(target, "Cookie: eve").text == "secret of eve")
            }
        }

        @Test(arguments: ["*", "Foo, *", "foo,*,bar", "Cookie\\r\\nVary: *"])
        func `a response that varies by everything is not stored`(_ vary: String) async throws {
            let script = serving { request in
                ok(
                    request["X-Who"] ?? "",
                    "Vary: \(vary.replacing("\\r\\n", with: "\r\n"))",
                    "Cache-Control: public, max-age=60"
                )
            }
            try await Self.withCache(script) { (gateway, _) async throws in
                #expect(try await gateway.get("/p", "X-Who: eve").text == "eve")
                #expect(try await gateway.get("/p", "X-Who: ann").text == "ann")
            }
        }

        @Test func `the fields that Vary names count, in all their lines`() async throws {
            let script = serving { request in
                ok(request.all("X-Who").joined(separator: "+"), "Vary: x-who", "Cache-Control: max-age=60")
            }
            try await Self.withCache(script) { (gateway, _) async throws in
                #expect(try await gateway.get("/p", "X-Who: eve").text == "eve")
                #expect(try await gateway.get("/p", "X-Who: eve", "X-Who: ann").text == "eve+ann")
                #expect(try await gateway.get("/p").text == "")
                #expect(try await gateway.get("/p", "X-Who: eve").text == "eve")
            }
        }

        @Test func `a crowd with credentials never gets the page of another`() async throws {
            let script = serving { request in
                let who = request["Authorization"] ?? request["Cookie"] ?? "nobody"
                return ok(who, "Cache-Control: max-age=60")
            }
            try await Self.withCache(script) { (gateway, _) async throws in
                try await withThrowingTaskGroup(of: (String, String).self) { crowd in
                    for number in 0..<40 {
                        crowd.addTask {
                            let who = number % 4 == 0 ? "nobody" : "user-\(number)"
                            let fields = number % 2 == 0 ? "Cookie: \(who)" : "Authorization: \(who)"
                            let text =
                                who == "nobody"
                                ? try await gateway.get("/p").text : try await gateway.get("/p", fields).text
                            return (who, text)
                        }
                    }
                    // A page for everybody may serve users too.
                    for try await (who, text) in crowd { #expect(text == who || text == "nobody") }
                }
            }
        }
    }
}
