import FoundationEssentials
import Gateway
import NIOCore
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// An unreachable target next to a reachable one.
    @Suite struct FailoverTests {
        private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        private static let admin = "[admin]\nexpose = [\"/metrics\", \"/upstreams\"]"

        /// A port without a listener.
        private static func closedPort() async throws -> Int { try await withUpstream(playing { _ in }) { $0.port } }

        /// The content of `/upstreams` without white space.
        private static func upstreams(of gateway: RunningGateway) async throws -> String {
            try await gateway.get("/upstreams").text.filter { !$0.isWhitespace }
        }

        @Test(arguments: GatewaySettings.BalancePolicy.allCases)
        func `a target that refuses connections fails no request`(balance: GatewaySettings.BalancePolicy) async throws {
            let port = try await Self.closedPort()
            try await withUpstream(serving { ok("\($0.method) \($0.text)") }) { upstream in
                let toml = proxy(
                    to: "http://127.0.0.1:\(port)",
                    upstream.url,
                    upstream: "balance = \"\(balance.rawValue)\"\nhash_key = \"header:X-Key\"",
                    more: Self.admin
                )
                try await withGateway(toml) { gateway in
                    for number in 0..<30 {
                        let get = try await gateway.get("/", "X-Key: \(number)")
                        #expect(get.status == 200)
                        #expect(get.text == "GET ")
                        let post = try await gateway.exchange(Self.post)
                        #expect(post.text == "POST abc")
                    }
                    #expect(upstream.requests.count == 60)
                    let metrics = try await gateway.get("/metrics").text
                    let dead = "{upstream=\"api\",target=\"127.0.0.1:\(port)\""
                    #expect(metrics.contains("gateway_upstream_target_up\(dead)} 0\n"))
                    #expect(metrics.contains("gateway_upstream_connects_total\(dead),result=\"refused\"}"))
                    // Only the first request meets the failure; background connections check the target from then on.
                    #expect(
                        metrics.contains("gateway_upstream_retries_total{upstream=\"api\",reason=\"failover\"} 1\n")
                    )
                    let shown = try await Self.upstreams(of: gateway)
                    #expect(shown.contains("\"reason\":\"refused\""))
                    #expect(shown.contains("\"next_try\":\"2"))
                }
            }
        }

        @Test func `a target that accepts no connections fails no request`() async throws {
            try await withFullBacklog { port in
                try await withUpstream(serving { ok("\($0.method) \($0.text)") }) { upstream in
                    let toml = proxy(
                        to: "http://127.0.0.1:\(port)",
                        upstream.url,
                        upstream: "balance = \"round_robin\"",
                        more: "[middleware.timeout]\nconnect = \"100ms\"\n" + Self.admin
                    )
                    try await withGateway(toml) { gateway in
                        // The first request goes to the first target.
                        #expect(try await gateway.exchange(Self.post).text == "POST abc")
                        for _ in 0..<10 {
                            let response = try await gateway.get("/")
                            #expect(response.text == "GET ")
                        }
                        let shown = try await Self.upstreams(of: gateway)
                        #expect(shown.contains("\"reason\":\"timeout\""))
                    }
                }
            }
        }

        /// How an upstream ends a connection after a request has arrived.
        enum End: CaseIterable, Sendable {
            case close, reset
        }

        @Test(arguments: End.allCases)
        func `a request that was reset is retried at another target if it may be sent twice`(end: End) async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                if case .reset = end { try await session.connection.reset() }
            }
            for (request, isMoved) in [
                ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), (Self.post, false),
                ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", true),
                ("DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", true),
            ] {
                try await withUpstream(script) { broken in
                    try await withUpstream(serving { ok("\($0.method) \($0.text)") }) { upstream in
                        let toml = proxy(
                            to: broken.url,
                            upstream.url,
                            upstream: "balance = \"round_robin\"",
                            more: Self.admin
                        )
                        try await withGateway(toml) { gateway in
                            let first = try await gateway.exchange(request)
                            #expect(first.status == (isMoved ? 200 : 502))
                            #expect(upstream.requests.map(\.text) == (isMoved ? broken.requests.map(\.text) : []))
                            // Once to either target; after the failure, the target gets no requests for a while.
                            #expect(broken.requests.count == 1)
                            for _ in 0..<5 {
                                let next = try await gateway.exchange(Self.post)
                                #expect(next.text == "POST abc")
                            }
                            #expect(broken.requests.count == 1)
                            let shown = try await Self.upstreams(of: gateway)
                            #expect(shown.contains("\"reason\":\"reset\""))
                        }
                    }
                }
            }
        }

        @Test func `a request whose body is not kept completely is not retried`() async throws {
            let body = String(repeating: "x", count: 100_000)
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
            }
            try await withUpstream(script) { broken in
                try await withUpstream(serving { _ in ok() }) { upstream in
                    let toml = proxy(to: broken.url, upstream.url, upstream: "balance = \"round_robin\"")
                    try await withGateway(toml) { gateway in
                        let response = try await gateway.exchange(
                            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                        )
                        #expect(response.code == "upstream_reset")
                        #expect(upstream.requests.isEmpty)
                    }
                }
            }
        }

        @Test func `a target that recovers is used again`() async throws {
            let port = try await Self.closedPort()
            let log = LogLines()
            try await withUpstream(serving { _ in ok("other") }) { upstream in
                let toml = proxy(
                    to: "http://127.0.0.1:\(port)",
                    upstream.url,
                    upstream: "balance = \"round_robin\"",
                    more: Self.admin
                )
                try await withGateway(toml, log: log.logger) { gateway in
                    #expect(try await gateway.get("/").text == "other")
                    let down =
                        "warning upstream target is down address=127.0.0.1:\(port) reason=refused "
                        + "target=127.0.0.1:\(port) upstream=api"
                    #expect(log.lines.contains(down))
                    try await withUpstream(
                        at: SocketAddress(ipAddress: "127.0.0.1", port: port),
                        serving { _ in ok("back") }
                    ) { _ in
                        try await eventuallyAsync("the target is back") { (try? await gateway.get("/").text) == "back" }
                        #expect(log.lines.contains { $0.hasPrefix("notice upstream target is up again") })
                        let shown = try await Self.upstreams(of: gateway)
                        #expect(!shown.contains("\"up\":false") && !shown.contains("next_try"))
                        let metrics = try await gateway.get("/metrics").text
                        let target = "{upstream=\"api\",target=\"127.0.0.1:\(port)\"}"
                        #expect(metrics.contains("gateway_upstream_target_up\(target) 1\n"))
                    }
                }
            }
        }

        @Test func `if all targets are down each is tried once, and the error is 502`() async throws {
            let ports = [try await Self.closedPort(), try await Self.closedPort(), try await Self.closedPort()]
            let toml = """
                [upstreams.api]
                targets = [\(ports.map { "\"http://127.0.0.1:\($0)\"" }.joined(separator: ", "))]
                [[routes]]
                path = "/*"
                upstream = "api"
                [admin]
                expose = ["/metrics"]
                """
            try await withGateway(toml) { gateway in
                for _ in 0..<3 {
                    let response = try await gateway.get("/")
                    #expect(response.status == 502)
                    #expect(response.code == "upstream_unreachable")
                    // Further requests only try the target whose failure is the oldest.
                    let metrics = try await gateway.get("/metrics").text
                    #expect(metrics.contains("reason=\"failover\"} 2\n"))
                }
            }
        }

        @Test func `without failover a request is tried once`() async throws {
            let port = try await Self.closedPort()
            try await withUpstream(serving { _ in ok() }) { upstream in
                let toml = proxy(
                    to: "http://127.0.0.1:\(port)",
                    upstream.url,
                    upstream: "balance = \"round_robin\"\nfailover = false"
                )
                try await withGateway(toml) { gateway in
                    let first = try await gateway.get("/")
                    #expect(first.code == "upstream_unreachable")
                    // The target still leaves the rotation.
                    for _ in 0..<4 {
                        let next = try await gateway.get("/")
                        #expect(next.status == 200)
                    }
                }
            }
        }

        @Test func `the access log contains the target, the attempts and the reason of a failure`() async throws {
            struct Line: Decodable {
                let target: String?
                let reason: String?
                let attempts: Int?
            }
            let ports = [try await Self.closedPort(), try await Self.closedPort()]
            try await withFolder { folder in
                try await withUpstream(serving { _ in ok() }) { upstream in
                    let toml = """
                        \(proxy(to: "http://127.0.0.1:\(ports[0])", upstream.url, upstream: "balance = \"round_robin\""))
                        [upstreams.dead]
                        targets = ["http://127.0.0.1:\(ports[1])"]
                        [[routes]]
                        path = "/dead"
                        upstream = "dead"
                        """
                    try await withGateway(toml, accessLog: .file(path: "\(folder)/access.log")) { gateway in
                        for path in ["/", "/", "/dead"] { _ = try await gateway.get(path) }
                    }
                    let text = FileManager.default.contents(atPath: "\(folder)/access.log") ?? Data()
                    let lines = try text.split(separator: UInt8(ascii: "\n")).map { line in
                        try JSONDecoder().decode(Line.self, from: Data(line))
                    }
                    #expect(lines.map(\.attempts) == [2, 1, 1])
                    #expect(lines.map(\.reason) == [nil, nil, "refused"])
                    #expect(lines.map(\.target) == [upstream.authority, upstream.authority, "127.0.0.1:\(ports[1])"])
                }
            }
        }

        @Test func `a single target is tried for every request, and serves again as soon as it can`() async throws {
            let port = try await Self.closedPort()
            try await withGateway(proxy(to: "http://127.0.0.1:\(port)")) { gateway in
                for _ in 0..<3 { #expect(try await gateway.get("/").status == 502) }
                try await withUpstream(
                    at: SocketAddress(ipAddress: "127.0.0.1", port: port),
                    serving { _ in ok() }
                ) { _ in
                    let response = try await gateway.get("/")
                    #expect(response.status == 200)
                }
            }
        }
    }
}
