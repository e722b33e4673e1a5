import Testing

extension EndToEnd {
    /// How many requests clients may send, and the fields that report it.
    @Suite struct RateLimitTests {
        private static func users(_ settings: String, more: String = "") -> String {
            """
            [server]
            trusted_proxies = ["127.0.0.1/32"]
            [[routes]]
            name = "users"
            path = "/users/*"
            respond = { status = 200, body = "hello" }
            [routes.rate_limit]
            \(settings)
            \(more)
            """
        }

        private static func from(_ address: String) -> String { "X-Forwarded-For: \(address)" }

        private static func statuses(_ gateway: RunningGateway, _ fields: String...) async throws -> [Int] {
            var statuses: [Int] = []
            for field in fields { statuses.append(try await gateway.get("/users/7", field).status) }
            return statuses
        }

        @Test func `each response reports the remaining quota`() async throws {
            try await withGateway(Self.users("limit = \"60/minute\"\nalgorithm = \"token_bucket\"")) { gateway in
                let response = try await gateway.get("/users/7")
                #expect(response.status == 200)
                #expect(response["RateLimit-Policy"] == "\"users\";q=60;w=60")
                #expect(response["RateLimit"] == "\"users\";r=59;t=1")
                #expect(response["X-RateLimit-Limit"] == "60")
                #expect(response["X-RateLimit-Remaining"] == "59")
                #expect(response["X-RateLimit-Reset"] == "1")
                #expect(response["Retry-After"] == nil)
            }
        }

        @Test func `a 429 says when to try again`() async throws {
            let settings = "limit = \"5/minute\"\nburst = 1\nalgorithm = \"token_bucket\""
            try await withGateway(Self.users(settings)) { gateway in
                _ = try await gateway.get("/users/7")
                let response = try await gateway.get("/users/7?a=b")
                #expect(response.startLine == "HTTP/1.1 429 Too Many Requests")
                let id = try #require(response["X-Request-ID"])
                let body =
                    "{\"type\":\"urn:gateway:error:rate_limited\",\"title\":\"Too Many Requests\",\"status\":429,"
                    + "\"detail\":\"The limit of 5 requests per minute is used up. Try again in 12 seconds.\","
                    + "\"instance\":\"/users/7\",\"code\":\"rate_limited\",\"request_id\":\"\(id)\",\"retry_after\":12}"
                #expect(response.text.trimmingPrefix { $0.isNewline }.prefix { !$0.isNewline } == body)
                #expect(response["Retry-After"] == "12")
                #expect(response["Content-Type"] == "application/problem+json")
                #expect(response["RateLimit-Policy"] == "\"users\";q=1;w=12")
                #expect(response["RateLimit"] == "\"users\";r=0;t=12")
                #expect(response["X-RateLimit-Remaining"] == "0")
                let head = try await gateway.exchange("HEAD /users/7 HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(head.status == 429)
                #expect(head["RateLimit"] == "\"users\";r=0;t=12")
                #expect(head.body.isEmpty)
            }
        }

        @Test func `all windows are reported, and the tightest one in the older fields`() async throws {
            let settings = "limit = [\"1000/hour\", \"10/day\"]\nalgorithm = \"token_bucket\""
            try await withGateway(Self.users(settings)) { gateway in
                let response = try await gateway.get("/users/7")
                #expect(response["RateLimit-Policy"] == "\"users-1h\";q=1000;w=3600, \"users-1d\";q=10;w=86400")
                #expect(response["RateLimit"] == "\"users-1h\";r=999;t=4, \"users-1d\";r=9;t=8640")
                #expect(response["X-RateLimit-Limit"] == "10")
                #expect(response["X-RateLimit-Remaining"] == "9")
                #expect(response["X-RateLimit-Reset"] == "8640")
            }
        }

        @Test(arguments: [("ietf", true, false), ("legacy", false, true), ("none", false, false)])
        func `the configured fields are sent`(headers: String, ietf: Bool, legacy: Bool) async throws {
            let settings = "limit = \"1/day\"\nheaders = \"\(headers)\"\nstatus = 503"
            try await withGateway(Self.users(settings)) { gateway in
                for status in [200, 503] {
                    let response = try await gateway.get("/users/7")
                    #expect(response.status == status)
                    #expect((response["RateLimit"] != nil) == ietf)
                    #expect((response["RateLimit-Policy"] != nil) == ietf)
                    #expect((response["X-RateLimit-Limit"] != nil) == legacy)
                    #expect((response["Retry-After"] != nil) == (status == 503))
                }
            }
        }

        @Test(arguments: ["sliding_window", "token_bucket"])
        func `of five times the limit at once exactly the limit passes`(algorithm: String) async throws {
            let settings = "limit = \"40/day\"\nalgorithm = \"\(algorithm)\""
            try await withGateway(Self.users(settings), workers: 4) { gateway in
                let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            let client = try await gateway.connect()
                            defer { client.close() }
                            let request = "GET /users/1 HTTP/1.1\r\nHost: a\r\n\r\n"
                            try await client.send(String(repeating: request, count: 10))
                            var statuses: [Int] = []
                            for _ in 0..<10 { statuses.append(try await client.response().status) }
                            return statuses
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(statuses.count { $0 == 200 } == 40)
                #expect(statuses.count { $0 == 429 } == 160)
            }
        }

        @Test func `the fields are on upstream errors, and an upstream's list is kept`() async throws {
            let limit = "[routes.rate_limit]\nlimit = \"10/day\""
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    try await session.send(ok("", "X-RateLimit-Limit: 3", "RateLimit: \"own\";r=1"))
                },
                route: limit
            ) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.all("X-RateLimit-Limit") == ["10"])
                #expect(response.all("RateLimit").first == "\"own\";r=1")
                #expect(response.all("RateLimit").last?.hasPrefix("\"all\";r=9;t=") == true)
                await upstream.stop()
                let error = try await gateway.get("/")
                #expect(error.status == 502)
                #expect(error["X-RateLimit-Remaining"] == "8")
            }
        }

        @Test func `in shadow mode every request passes, without limit fields`() async throws {
            try await withGateway(Self.users("limit = \"1/day\"\nmode = \"shadow\"")) { gateway in
                for _ in 0..<3 {
                    let response = try await gateway.get("/users/7")
                    #expect(response.status == 200)
                    #expect(response["RateLimit"] == nil)
                    #expect(response["X-RateLimit-Limit"] == nil)
                }
            }
        }

        @Test func `clients are counted by address, IPv6 clients by network`() async throws {
            try await withGateway(Self.users("limit = \"1/day\"\nexempt = [\"10.0.0.0/8\", \"2001:db8:9::/48\"]")) {
                gateway in
                let seen1 = try await Self.statuses(
                    gateway,
                    Self.from("192.0.2.1"),
                    Self.from("192.0.2.1"),
                    Self.from("::ffff:192.0.2.1"),
                    Self.from("192.0.2.2")
                )
                #expect(seen1 == [200, 429, 429, 200])
                let seen2 = try await Self.statuses(
                    gateway,
                    Self.from("2001:db8::1"),
                    Self.from("2001:db8::2"),
                    Self.from("2001:db8:0:1::1")
                )
                #expect(seen2 == [200, 429, 200])
                let seen3 = try await Self.statuses(
                    gateway,
                    Self.from("10.1.2.3"),
                    Self.from("10.1.2.3"),
                    Self.from("2001:db8:9::1"),
                    Self.from("2001:db8:9::1")
                )
                #expect(seen3 == [200, 200, 200, 200])
            }
        }

        @Test(arguments: [
            (
                "\"header:X-Tenant\"", ["X-Tenant: a", "X-Tenant: a", "X-Tenant: b", "A: b", "A: b"],
                [200, 429, 200, 200, 429]
            ),
            ("\"cookie:id\"", ["Cookie: id=1", "Cookie: x=1; id=1", "Cookie: id=2"], [200, 429, 200]),
            ("\"global\"", ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"], [200, 429]),
            ("[\"client_ip\", \"header:X-Tenant\"]", ["X-Tenant: a", "X-Tenant: b", "X-Tenant: a"], [200, 200, 429]),
        ])
        func `requests are counted by key`(key: String, fields: [String], statuses: [Int]) async throws {
            try await withGateway(Self.users("limit = \"1/day\"\nkey = \(key)")) { gateway in
                var seen: [Int] = []
                for field in fields { seen.append(try await gateway.get("/users/7", field).status) }
                #expect(seen == statuses)
            }
        }

        @Test(arguments: [("policy", [200, 429, 200]), ("route", [200, 200, 200])])
        func `routes share the counts of a policy if configured`(scope: String, statuses: [Int]) async throws {
            let toml = """
                [policies.public.rate_limit]
                limit = "1/day"
                scope = "\(scope)"
                [policies.other.rate_limit]
                limit = "1/day"
                scope = "\(scope)"
                """
            let routes = [("a", "public"), ("b", "public"), ("c", "other")].map { name, policy in
                "[[routes]]\npath = \"/\(name)\"\nrespond = { status = 200 }\npolicies = [\"\(policy)\"]"
            }
            try await withGateway(toml + "\n" + routes.joined(separator: "\n")) { gateway in
                var seen: [Int] = []
                for path in ["/a", "/b", "/c"] { seen.append(try await gateway.get(path).status) }
                #expect(seen == statuses)
            }
        }

        @Test func `new clients share a bucket if there are too many keys`() async throws {
            let settings = "limit = \"1/day\"\nmax_keys = 2"
            try await withGateway(Self.users(settings)) { gateway in
                let seen4 = try await Self.statuses(
                    gateway,
                    Self.from("192.0.2.1"),
                    Self.from("192.0.2.2"),
                    Self.from("198.51.100.1"),
                    Self.from("198.51.100.2"),
                    Self.from("203.0.113.1"),
                    Self.from("192.0.2.1")
                )
                #expect(seen4 == [200, 200, 200, 429, 200, 429])
            }
        }

        @Test func `the limit applies to requests without a route`() async throws {
            let toml =
                "[middleware.rate_limit]\nlimit = \"1/day\"\n[[routes]]\npath = \"/a\"\nrespond = { status = 200 }"
            try await withGateway(toml) { gateway in
                let first = try await gateway.get("/b")
                #expect(first.status == 404)
                #expect(first["RateLimit-Policy"] == "\"_none\";q=1;w=86400")
                #expect(try await gateway.get("/b").status == 429)
                #expect(try await gateway.get("/a").status == 200)
            }
        }
    }
}
