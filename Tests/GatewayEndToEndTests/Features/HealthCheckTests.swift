import GatewaySettings
import NIOConcurrencyHelpers
import NIOCore
import Synchronization
import Testing

@testable import Gateway
@testable import GatewayCore

extension EndToEnd {
    /// Active polling of targets.
    @Suite struct HealthCheckTests {
        private static let health = """
            [upstreams.api.health]
            interval = "20ms"
            timeout = "5s"
            healthy_after = 2
            unhealthy_after = 2

            """
        private static let exposed = "[admin]\nexpose = [\"/metrics\", \"/upstreams\", \"/health\"]"

        /// How an upstream answers polls. Requests always get 200.
        private final class Answer: Sendable {
            private let text: NIOLockedValueBox<String>

            init(_ text: String) { self.text = NIOLockedValueBox(text) }

            var value: String {
                get { self.text.withLockedValue { $0 } }
                set { self.text.withLockedValue { $0 = newValue } }
            }

            func script(_ name: String) -> ScriptedUpstream.Script {
                serving { $0.target.hasPrefix("/health") ? self.value : ok(name) }
            }
        }

        private static let healthy = ok("fine", "Connection: close")
        private static let failing = "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

        private static func state(of gateway: RunningGateway, _ index: Int = 0) -> UpstreamTarget.Condition.State? {
            gateway.server.runtime?.upstreams.targets["api"]?[index].condition.state
        }

        private static func becomes(
            _ state: UpstreamTarget.Condition.State,
            _ gateway: RunningGateway,
            _ index: Int = 0
        )
            async throws
        {
            try await eventually("target \(index) is \(state)") { self.state(of: gateway, index) == state }
        }

        /// The names of the targets that answer a number of requests.
        private static func answers(_ gateway: RunningGateway, _ count: Int = 20) async throws -> Set<String> {
            var answers: Set<String> = []
            for _ in 0..<count { answers.insert(try await gateway.get("/").text) }
            return answers
        }

        private static func json(_ gateway: RunningGateway, _ path: String) async throws -> String {
            try await gateway.get(path).text.filter { !$0.isWhitespace }
        }

        @Test func `a target whose polls fail gets no requests on any worker until they succeed again`() async throws {
            let answer = Answer(Self.healthy)
            try await withUpstream(answer.script("one")) { one in
                try await withUpstream(Answer(Self.healthy).script("two")) { two in
                    let toml = proxy(
                        to: one.url,
                        two.url,
                        upstream: "balance = \"round_robin\"\n" + Self.health,
                        more: Self.exposed
                    )
                    try await withGateway(toml, workers: 2) { gateway in
                        try await Self.becomes(.up, gateway, 0)
                        try await Self.becomes(.up, gateway, 1)
                        #expect(try await Self.answers(gateway) == ["one", "two"])
                        answer.value = Self.failing
                        try await Self.becomes(.down, gateway)
                        let taken = one.requests.count { $0.target == "/" }
                        #expect(try await Self.answers(gateway) == ["two"])
                        #expect(one.requests.count { $0.target == "/" } == taken)
                        let polling = try await Self.json(gateway, "/health/polling")
                        #expect(polling.contains("\"max_polls\":10"))
                        #expect(polling.contains("\"state\":\"down\""))
                        #expect(polling.contains("\"last_result\":\"failed\",\"reason\":\"status503\""))
                        #expect(polling.contains("\"interval_seconds\":0.02"))
                        let upstreams = try await Self.json(gateway, "/upstreams")
                        #expect(
                            upstreams.contains("\"state\":\"down\"") && upstreams.contains("\"reason\":\"status503\"")
                        )
                        #expect(try await Self.json(gateway, "/health").contains("\"status\":\"warn\""))
                        let metrics = try await gateway.get("/metrics").text
                        let target = "upstream=\"api\",target=\"127.0.0.1:\(one.port)\""
                        #expect(metrics.contains("gateway_upstream_health_checks_total{\(target),result=\"status\"}"))
                        #expect(metrics.contains("gateway_upstream_health_checks_total{\(target),result=\"ok\"}"))
                        #expect(metrics.contains("gateway_upstream_target_up{\(target)} 0\n"))
                        answer.value = Self.healthy
                        try await Self.becomes(.up, gateway)
                        #expect(try await Self.answers(gateway) == ["one", "two"])
                    }
                }
            }
        }

        @Test func `a poll is a request of its own`() async throws {
            let settings = """
                [upstreams.api.health]
                interval = "10ms"
                method = "POST"
                path = "/health?deep=1"
                host = "api.internal"
                headers = { X-Check = "yes" }
                expect = "200"
                """
            try await withUpstream(Answer(Self.healthy).script("one")) { upstream in
                try await withGateway(proxy(to: upstream.url, upstream: settings)) { gateway in
                    try await Self.becomes(.up, gateway)
                    try await eventually("several polls") { upstream.requests.count > 2 }
                    let poll = try #require(upstream.requests.first)
                    #expect(poll.startLine == "POST /health?deep=1 HTTP/1.1")
                    #expect(poll.all("Host") == ["api.internal"] && poll["X-Check"] == "yes")
                    #expect(poll["Connection"] == "close" && poll["Content-Length"] == "0")
                    #expect(poll["User-Agent"]?.hasPrefix("gateway/") == true)
                    #expect(poll["Via"] == nil && poll["X-Request-ID"] == nil)
                    #expect(upstream.connections >= upstream.requests.count)
                    try await eventually("connections are closed") { upstream.openConnections <= 1 }
                }
            }
        }

        /// The ways in which a poll can fail, with the reason.
        enum Fault: String, CaseIterable, Sendable {
            case hangs, drips, closes, redirects, lacksText, isNoHTTP

            var reason: String {
                switch self {
                case .hangs, .drips: "timeout"
                case .closes: "reset"
                case .redirects: "status 302"
                case .lacksText: "body"
                case .isNoHTTP: "error"
                }
            }

            func poll(_ session: ScriptedUpstream.Session) async throws {
                switch self {
                case .hangs: try await Task.sleep(for: .seconds(60))
                case .drips:
                    try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                    while true {
                        try await session.send(".")
                        try await Task.sleep(for: .milliseconds(10))
                    }
                case .closes: try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfin")
                case .redirects:
                    try await session.send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")
                case .lacksText: try await session.send(ok("wrong"))
                case .isNoHTTP: try await session.send("220 mail.example ESMTP\r\n")
                }
            }
        }

        @Test(arguments: Fault.allCases)
        func `a target that answers wrongly goes down, and others are polled in the meantime`(fault: Fault) async throws
        {
            let settings = """
                balance = "round_robin"
                [upstreams.api.health]
                interval = "20ms"
                timeout = "\(fault.reason == "timeout" ? "500ms" : "10s")"
                expect = "200-299"
                body = "fine"
                unhealthy_after = 3
                """
            let script = playing { session in
                while true {
                    if try await session.request().target == "/health" {
                        try await fault.poll(session)
                        return
                    }
                    try await session.send(ok("bad"))
                }
            }
            try await withUpstream(script) { bad in
                try await withUpstream(Answer(Self.healthy).script("good")) { good in
                    // One poll at a time: a target that hangs must not keep the place.
                    let toml = proxy(to: bad.url, good.url, server: "max_polls = 1", upstream: settings)
                    try await withGateway(toml) { gateway in
                        try await Self.becomes(.down, gateway, 0)
                        try await Self.becomes(.up, gateway, 1)
                        let condition = gateway.server.runtime?.upstreams.targets["api"]?.first?.condition
                        #expect(condition?.reason == fault.reason)
                        #expect(try await Self.answers(gateway) == ["good"])
                        let polls = bad.requests.count
                        try await eventually("it is polled again") { bad.requests.count > polls + 1 }
                    }
                }
            }
        }

        @Test(arguments: ["http", "tcp"])
        func `polls that fail at once hold no place`(type: String) async throws {
            let settings = """
                [upstreams.api.health]
                type = "\(type)"
                interval = "20ms"
                unhealthy_after = 2
                """
            let missing = (0..<5).map { "unix:/nonexistent/\($0).sock" }
            try await withUpstream(Answer(Self.healthy).script("one")) { one in
                let toml = proxy(
                    to: missing[0],
                    missing[1],
                    missing[2],
                    missing[3],
                    one.url,
                    server: "max_polls = 1",
                    upstream: settings
                )
                try await withGateway(toml) { gateway in
                    for index in 0..<4 { try await Self.becomes(.down, gateway, index) }
                    try await Self.becomes(.up, gateway, 4)
                    let condition = gateway.server.runtime?.upstreams.targets["api"]?.first?.condition
                    #expect(condition?.reason == "refused")
                    #expect(try await Self.answers(gateway) == ["one"])
                }
            }
        }

        @Test func `a body may arrive in pieces, and other statuses may be expected`() async throws {
            let settings = "[upstreams.api.health]\ninterval = \"20ms\"\nexpect = \"429,500-599\"\nbody = \"all good\""
            let script = serving { _ in
                "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n3\r\n go\r\n2\r\nod\r\n0\r\n\r\n"
            }
            try await withProxy(script, upstream: settings) { gateway, _ in try await Self.becomes(.up, gateway) }
        }

        @Test func `tcp checks that a connection opens, also on another port`() async throws {
            try await withUpstream(playing { _ in try await Task.sleep(for: .seconds(60)) }) { other in
                let settings = """
                    [upstreams.api.health]
                    type = "tcp"
                    port = \(other.port)
                    interval = "20ms"
                    unhealthy_after = 1
                    healthy_after = 1
                    """
                try await withProxy(serving { _ in ok("one") }, upstream: settings) { gateway, upstream in
                    try await Self.becomes(.up, gateway)
                    #expect(other.connections > 0 && upstream.connections == 0)
                    #expect(try await gateway.get("/").text == "one")
                    await other.stop()
                    try await Self.becomes(.down, gateway)
                    let condition = gateway.server.runtime?.upstreams.targets["api"]?.first?.condition
                    #expect(condition?.reason == "refused")
                    let refused = try await gateway.get("/")
                    #expect(refused.status == 503 && refused.code == "no_healthy_upstream")
                }
            }
        }

        @Test func `targets without a result get requests only while none is up`() async throws {
            let go = Signal()
            let first = playing { session in
                while true {
                    if try await session.request().target == "/health" { try await go.wait() }
                    try await session.send(ok("slow"))
                }
            }
            let settings = """
                balance = "round_robin"
                [upstreams.api.health]
                interval = "20ms"
                timeout = "60s"
                """
            let answer = Answer(Self.failing)
            try await withUpstream(first) { slow in
                try await withUpstream(answer.script("fast")) { fast in
                    try await withGateway(proxy(to: slow.url, fast.url, upstream: settings)) { gateway in
                        // The second one is down after three failures, the first one has no result yet.
                        try await Self.becomes(.down, gateway, 1)
                        #expect(Self.state(of: gateway, 0) == .unknown)
                        #expect(try await Self.answers(gateway) == ["slow"])
                        answer.value = Self.healthy
                        try await Self.becomes(.up, gateway, 1)
                        #expect(try await Self.answers(gateway) == ["fast"])
                        go.fire()
                        try await Self.becomes(.up, gateway, 0)
                        #expect(try await Self.answers(gateway) == ["fast", "slow"])
                    }
                }
            }
        }

        @Test func `a required upstream makes the gateway ready once a target is up`() async throws {
            let answer = Answer(Self.failing)
            let settings = "required = true\n" + Self.health
            try await withUpstream(answer.script("one")) { upstream in
                let toml = proxy(to: upstream.url, upstream: settings, more: Self.exposed)
                try await withGateway(toml) { gateway in
                    let before = try await gateway.get("/health/ready")
                    #expect(before.status == 503 && before.text.contains("upstream api has no healthy target"))
                    try await Self.becomes(.down, gateway)
                    #expect(try await gateway.get("/health/ready").status == 503)
                    #expect(try await gateway.get("/health").status == 503)
                    answer.value = Self.healthy
                    try await Self.becomes(.up, gateway)
                    #expect(try await gateway.get("/health/ready").status == 200)
                    #expect(try await gateway.get("/health").status == 200)
                }
            }
        }

        @Test(arguments: ["fail", "try"])
        func `when all targets are down, requests fail at once or all are tried`(choice: String) async throws {
            let settings = "balance = \"round_robin\"\n" + Self.health + "when_all_down = \"\(choice)\""
            let (first, second) = (Answer(Self.failing), Answer(Self.failing))
            try await withUpstream(first.script("one")) { one in
                try await withUpstream(second.script("two")) { two in
                    try await withGateway(proxy(to: one.url, two.url, upstream: settings)) { gateway in
                        try await Self.becomes(.down, gateway, 0)
                        try await Self.becomes(.down, gateway, 1)
                        if choice == "try" {
                            #expect(try await Self.answers(gateway) == ["one", "two"])
                        } else {
                            let refused = try await gateway.get("/")
                            #expect(refused.status == 503 && refused.code == "no_healthy_upstream")
                            #expect(!one.requests.contains { $0.target == "/" })
                            #expect(!two.requests.contains { $0.target == "/" })
                        }
                        second.value = Self.healthy
                        try await Self.becomes(.up, gateway, 1)
                        #expect(try await Self.answers(gateway) == ["two"])
                    }
                }
            }
        }

        @Test func `a target whose listener is gone and comes back serves again`() async throws {
            let address = NIOLockedValueBox<SocketAddress?>(nil)
            let settings = "balance = \"round_robin\"\n" + Self.health
            try await withUpstream(Answer(Self.healthy).script("two")) { two in
                let one = try await ScriptedUpstream.start(
                    at: SocketAddress(ipAddress: "127.0.0.1", port: 0),
                    buffers: nil,
                    Answer(Self.healthy).script("one")
                )
                let port = one.port
                address.withLockedValue { $0 = try? SocketAddress(ipAddress: "127.0.0.1", port: port) }
                try await withGateway(proxy(to: one.url, two.url, upstream: settings)) { gateway in
                    try await Self.becomes(.up, gateway, 0)
                    await one.stop()
                    try await Self.becomes(.down, gateway, 0)
                    #expect(try await Self.answers(gateway) == ["two"])
                    try await withUpstream(
                        at: address.withLockedValue { $0 },
                        Answer(Self.healthy).script("back")
                    ) { _ in
                        try await Self.becomes(.up, gateway, 0)
                        try await eventuallyAsync("it serves") {
                            (try? await Self.answers(gateway, 4)) == ["two", "back"]
                        }
                    }
                }
            }
        }

        @Test func `each address of a name is polled`() async throws {
            let answer = Answer(Self.failing)
            try await withUpstream(answer.script("one")) { one in
                try await withUpstream(Answer(Self.healthy).script("two")) { two in
                    let toml = proxy(
                        to: "http://localhost:\(one.port)",
                        upstream: "balance = \"round_robin\"\n" + Self.health,
                        more: Self.exposed
                    )
                    try await withGateway(toml) { gateway in
                        let target = try #require(gateway.server.runtime?.upstreams.targets["api"]?.first)
                        try await eventually("the name is found") { !target.endpoints.isEmpty }
                        target.found(
                            try [one, two].map { try SocketAddress(ipAddress: "127.0.0.1", port: $0.port) }
                        )
                        try await eventually("both have a verdict") {
                            target.endpoints.map(\.condition.state) == [.down, .up]
                        }
                        #expect(target.condition.state == .up)
                        #expect(try await Self.answers(gateway) == ["two"])
                        let polling = try await Self.json(gateway, "/health/polling")
                        #expect(
                            polling.contains("\"addresses\":[{\"address\":\"127.0.0.1:\(one.port)\",\"state\":\"down\"")
                        )
                        #expect(polling.contains("{\"address\":\"127.0.0.1:\(two.port)\",\"state\":\"up\""))
                        let polls = two.requests.count
                        target.found([try SocketAddress(ipAddress: "127.0.0.1", port: one.port)])
                        answer.value = Self.healthy
                        try await Self.becomes(.up, gateway)
                        #expect(try await Self.answers(gateway) == ["one"])
                        #expect(two.requests.count < polls + 30)
                    }
                }
            }
        }

        @Test func `a target that was down starts slowly`() async throws {
            let answer = Answer(Self.failing)
            let settings = "balance = \"round_robin\"\n" + Self.health + "slow_start = \"1h\""
            try await withUpstream(answer.script("one")) { one in
                try await withUpstream(Answer(Self.healthy).script("two")) { two in
                    try await withGateway(proxy(to: one.url, two.url, upstream: settings)) { gateway in
                        try await Self.becomes(.down, gateway, 0)
                        try await Self.becomes(.up, gateway, 1)
                        answer.value = Self.healthy
                        try await Self.becomes(.up, gateway, 0)
                        for _ in 0..<110 { _ = try await gateway.get("/") }
                        // A tenth of the weight: every eleventh request.
                        #expect(9...11 ~= one.requests.count { $0.target == "/" })
                    }
                }
            }
        }

        @Test func `a short slow start ends with the whole share`() async throws {
            let answer = Answer(Self.failing)
            let settings = Self.health + "slow_start = \"100ms\""
            try await withUpstream(answer.script("one")) { one in
                try await withGateway(proxy(to: one.url, upstream: settings)) { gateway in
                    let endpoint = try #require(
                        gateway.server.runtime?.upstreams.targets["api"]?.first?.endpoints.first
                    )
                    try await Self.becomes(.down, gateway, 0)
                    #expect(endpoint.share.load(ordering: .relaxed) == 100)
                    answer.value = Self.healthy
                    try await eventually("it warms up") { endpoint.share.load(ordering: .relaxed) < 100 }
                    try await eventually("it is warm") { endpoint.share.load(ordering: .relaxed) == 100 }
                }
            }
        }

        @Test func `a reload keeps the verdicts, and applies new settings to the next polls`() async throws {
            let answer = Answer(Self.failing)
            try await withUpstream(answer.script("one")) { one in
                try await withUpstream(Answer(Self.healthy).script("two")) { two in
                    let toml = proxy(to: one.url, two.url, upstream: "balance = \"round_robin\"\n" + Self.health)
                    try await withGateway(toml, workers: 2) { gateway in
                        try await Self.becomes(.down, gateway, 0)
                        try await Self.becomes(.up, gateway, 1)
                        try await gateway.reload(toml)
                        #expect(Self.state(of: gateway, 0) == .down && Self.state(of: gateway, 1) == .up)
                        #expect(try await Self.answers(gateway) == ["two"])
                        let other = proxy(
                            to: one.url,
                            two.url,
                            upstream: "[upstreams.api.health]\npath = \"/health?new\"\ninterval = \"20ms\""
                        )
                        try await gateway.reload(other)
                        #expect(Self.state(of: gateway, 0) == .down && Self.state(of: gateway, 1) == .up)
                        try await eventually("the new path is polled") {
                            one.requests.contains { $0.target == "/health?new" }
                        }
                        // Without health checks, all targets get requests, and none is polled.
                        try await gateway.reload(proxy(to: one.url, two.url, upstream: "balance = \"round_robin\""))
                        #expect(try await Self.answers(gateway) == ["one", "two"])
                        try await eventually("no poll is in progress") {
                            gateway.server.runtime?.upstreams.pollsRunning.load(ordering: .relaxed) == 0
                        }
                    }
                }
            }
        }

        @Test func `at most max_polls polls are in progress`() async throws {
            let go = Signal()
            let script = playing { session in
                _ = try await session.request()
                try await go.wait()
                try await session.send(Self.healthy)
            }
            try await withUpstream(script) { upstream in
                let url = upstream.url
                let health = "[upstreams.api.health]\ntimeout = \"60s\""
                let toml = proxy(to: url, url, url, url, url, server: "max_polls = 2", upstream: health)
                try await withGateway(toml) { gateway in
                    try await eventually("two polls begin") { upstream.requests.count == 2 }
                    #expect(gateway.server.runtime?.upstreams.pollsRunning.load(ordering: .relaxed) == 2)
                    #expect(upstream.connections == 2)
                    go.fire()
                    for index in 0..<5 { try await Self.becomes(.up, gateway, index) }
                }
            }
        }
    }
}
