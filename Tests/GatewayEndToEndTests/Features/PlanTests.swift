import NIOCore
import Testing

@testable import Gateway

extension EndToEnd {
    /// What callers may use, by their plan.
    @Suite struct PlanTests {
        private static let plans = """
            [middleware.auth]
            any = ["spoken"]
            optional = true
            [middleware.rate_limit]
            limit = "plan"
            [plans.anonymous]
            rate_limit = "3/day"
            [plans.authenticated]
            rate_limit = ["9/hour", "6/day"]
            max_in_flight = 4
            [plans.admin]
            rate_limit = "40/day"
            [plans.free]
            """

        private static func routes(_ plans: String = Self.plans) -> String {
            """
            \(plans)
            [[routes]]
            name = "a"
            path = "/a"
            respond = { status = 200 }
            [[routes]]
            name = "b"
            path = "/b"
            respond = { status = 200 }
            """
        }

        private static func statuses(_ gateway: RunningGateway, _ count: Int, _ fields: String...) async throws -> [Int]
        {
            let client = try await gateway.connect()
            defer { client.close() }
            let lines = fields.map { $0 + "\r\n" }.joined()
            var statuses: [Int] = []
            for number in 0..<count {
                try await client.send(
                    "GET /\(number.isMultiple(of: 2) ? "a" : "b") HTTP/1.1\r\nHost: a\r\n\(lines)\r\n"
                )
                statuses.append(try await client.response().status)
            }
            return statuses
        }

        @Test func `a caller has one count over all routes, as its plan says`() async throws {
            try await withGateway(Self.routes(), middlewares: SpokenCallers.middlewares) { gateway in
                let anonymous = try await Self.statuses(gateway, 4)
                #expect(anonymous == [200, 200, 200, 429])
                let ann = try await Self.statuses(gateway, 7, "X-Caller: ann")
                #expect(ann == [200, 200, 200, 200, 200, 200, 429])
                // A plan that there is not is the usual one, and other callers have counts of their own.
                let bob = try await Self.statuses(gateway, 7, "X-Caller: bob/gold")
                #expect(bob == ann)
                let free = try await Self.statuses(gateway, 12, "X-Caller: eve/free")
                #expect(free.allSatisfy { $0 == 200 })
            }
        }

        @Test func `the limit fields name the plan`() async throws {
            try await withGateway(Self.routes(), middlewares: SpokenCallers.middlewares) { gateway in
                let admin = try await gateway.get("/a", "X-Caller: root/admin")
                #expect(admin["RateLimit-Policy"] == "\"admin\";q=40;w=86400")
                #expect(admin["RateLimit"]?.hasPrefix("\"admin\";r=39;t=") == true)
                #expect(admin["X-RateLimit-Limit"] == "40")
                let ann = try await gateway.get("/a", "X-Caller: ann")
                let windows = "\"authenticated-1h\";q=9;w=3600, \"authenticated-1d\";q=6;w=86400"
                #expect(ann["RateLimit-Policy"] == windows)
                let free = try await gateway.get("/a", "X-Caller: eve/free")
                #expect(free["RateLimit-Policy"] == nil)
                _ = try await Self.statuses(gateway, 3)
                let refused = try await gateway.get("/a")
                #expect(refused.status == 429)
                #expect(refused["RateLimit"]?.hasPrefix("\"anonymous\";r=0;t=") == true)
                #expect(refused["Retry-After"] != nil)
            }
        }

        @Test func `of five times the limit at once exactly the limit passes, over routes and workers`() async throws {
            try await withGateway(Self.routes(), workers: 2, middlewares: SpokenCallers.middlewares) { gateway in
                let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                    for _ in 0..<10 {
                        group.addTask { try await Self.statuses(gateway, 20, "X-Caller: root/admin") }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(statuses.count { $0 == 200 } == 40)
                #expect(statuses.count { $0 == 429 } == 160)
            }
        }

        @Test func `wrong callers are refused before they count`() async throws {
            let toml = Self.routes(Self.plans.replacing("optional = true\n", with: ""))
            try await withGateway(toml, middlewares: SpokenCallers.middlewares) { gateway in
                let statuses = try await Self.statuses(gateway, 5)
                #expect(statuses == [401, 401, 401, 401, 401])
            }
        }

        @Test func `a reload keeps the counts, also with another limit`() async throws {
            try await withGateway(Self.routes(), middlewares: SpokenCallers.middlewares) { gateway in
                _ = try await Self.statuses(gateway, 2, "X-Caller: root/admin")
                try await gateway.reload(Self.routes().replacing("40/day", with: "50/day"))
                let response = try await gateway.get("/a", "X-Caller: root/admin")
                #expect(response["RateLimit"]?.hasPrefix("\"admin\";r=47;t=") == true)
            }
        }

        @Test func `a key that depends on the caller counts after authentication`() async throws {
            let toml = """
                [[routes]]
                name = "a"
                path = "/*"
                respond = { status = 200 }
                [routes.auth]
                any = ["spoken"]
                [routes.rate_limit]
                limit = "2/day"
                key = "consumer"
                """
            try await withGateway(toml, middlewares: SpokenCallers.middlewares) { gateway in
                let anonymous = try await Self.statuses(gateway, 3)
                #expect(anonymous == [401, 401, 401])
                for caller in ["ann", "bob"] {
                    let statuses = try await Self.statuses(gateway, 3, "X-Caller: \(caller)")
                    #expect(statuses == [200, 200, 429])
                }
            }
        }

        // MARK: In flight

        private static let inFlight = """
            [middleware.auth]
            any = ["spoken"]
            optional = true
            [middleware.rate_limit]
            limit = "plan"
            [plans.anonymous]
            max_in_flight = 1
            [plans.authenticated]
            max_in_flight = 2
            """

        @Test func `a caller has as many requests in flight as its plan allows, however they end`() async throws {
            let release = Signal()
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    // The client of the first request leaves.
                    if session.index == 0 {
                        _ = try await session.connection.rest()
                        return
                    }
                    // Longer than all other waits, so that no request ends by itself.
                    try await release.wait(within: .minutes(10))
                    try await session.send(ok())
                    try await session.serve { _ in ok() }
                },
                more: Self.inFlight,
                workers: 2,
                middlewares: SpokenCallers.middlewares
            ) { gateway, upstream in
                func start(_ caller: String?) async throws -> RawConnection {
                    let client = try await gateway.connect()
                    let field = caller.map { "X-Caller: \($0)\r\n" } ?? ""
                    let seen = upstream.requests.count
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
                    try await eventually("it is in flight") { upstream.requests.count == seen + 1 }
                    return client
                }
                let clients = [
                    try await start("ann"), try await start("ann"), try await start("bob"), try await start(nil),
                ]
                defer { for client in clients { client.close() } }
                for field in ["X-Caller: ann", "X-None: 1"] {
                    let refused = try await gateway.get("/", field)
                    #expect(refused.status == 429)
                    #expect(refused.code == "rate_limited")
                    #expect(refused["Retry-After"] == "1")
                }
                // A client that leaves ends its request.
                try await clients[0].reset()
                try await eventually("its upstream connection closes") { upstream.openConnections == 3 }
                let next = try await start("ann")
                defer { next.close() }
                #expect(try await gateway.get("/", "X-Caller: ann").status == 429)
                release.fire()
                for client in clients.dropFirst() { #expect(try await client.response().status == 200) }
                for field in ["X-Caller: ann", "X-None: 1"] {
                    try await eventuallyAsync("its requests no longer count") {
                        (try? await gateway.get("/", field).status) == 200
                    }
                }
            }
        }
    }
}
