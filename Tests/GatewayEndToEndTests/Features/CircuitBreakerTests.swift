import Gateway
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// Targets that fail so often that they get no requests for a while. Two workers share each circuit.
    @Suite struct CircuitBreakerTests {
        private static func breaker(_ settings: String) -> String { "[upstreams.api.circuit_breaker]\n\(settings)" }

        private static let admin = "[admin]\nexpose = [\"/health\", \"/metrics\", \"/upstreams\"]"

        /// Runs a gateway with two workers in front of `urls`.
        private static func withBreaker<R>(
            _ urls: [String],
            _ settings: String,
            upstream: String = "balance = \"round_robin\"",
            server: String = "",
            more: String = "",
            log: LogLines = LogLines(),
            _ body: (RunningGateway) async throws -> R
        ) async throws -> R {
            let toml = """
                [server]
                \(server)
                [upstreams.api]
                targets = [\(urls.map { "\"\($0)\"" }.joined(separator: ", "))]
                \(upstream)
                \(Self.breaker(settings))
                [[routes]]
                name = "all"
                path = "/*"
                upstream = "api"
                \(Self.admin)
                \(more)
                """
            return try await withGateway(toml, workers: 2, log: log.logger, body)
        }

        private static func upstreams(of gateway: RunningGateway) async throws -> String {
            try await gateway.get("/upstreams").text.filter { !$0.isWhitespace }
        }

        private static func awaitCircuit(_ state: String, of gateway: RunningGateway) async throws {
            try await eventuallyAsync("the circuit is \(state)") {
                (try? await Self.upstreams(of: gateway))?.contains("\"state\":\"\(state)\"") ?? false
            }
        }

        @Test func `failures in a row open the circuit, and requests no longer reach the target`() async throws {
            let answers = AnswerSwitch(status(503))
            let log = LogLines()
            try await withUpstream(answers.script) { upstream in
                let settings = "failures = 3\nopen_for = \"60s\"\nerror_rate = 0"
                try await Self.withBreaker([upstream.url], settings, log: log) { gateway in
                    answers.answer = status(503)
                    for _ in 0..<2 { _ = try await gateway.get("/") }
                    answers.answer = ok()
                    _ = try await gateway.get("/")
                    answers.answer = status(503)
                    for _ in 0..<3 { #expect(try await gateway.get("/").status == 503) }
                    #expect(upstream.requests.count == 6)
                    for _ in 0..<10 {
                        let refused = try await gateway.get("/")
                        #expect(refused.status == 503)
                        #expect(refused.code == "circuit_open")
                        let seconds = try #require(Int(refused["Retry-After"] ?? ""))
                        #expect((1...60).contains(seconds))
                    }
                    #expect(upstream.requests.count == 6)
                    let shown = try await Self.upstreams(of: gateway)
                    #expect(shown.contains("\"circuit\":{\"failures\":3,\"next_probe\":\"2"))
                    #expect(shown.contains("\"reason\":\"status503\",\"state\":\"open\""))
                    let target = "{upstream=\"api\",target=\"\(upstream.authority)\""
                    let metrics = try await gateway.get("/metrics").text
                    #expect(metrics.contains("gateway_circuit_breaker_state\(target)} 2\n"))
                    #expect(metrics.contains("gateway_circuit_breaker_transitions_total\(target),to=\"open\"} 1\n"))
                    #expect(metrics.contains("gateway_errors_total{route=\"all\",code=\"circuit_open\"} 10\n"))
                    let health = try await gateway.get("/health")
                    #expect(health.status == 200)
                    #expect(health.text.contains("open circuits: \(upstream.authority)"))
                    let opened = log.lines.filter { $0.hasPrefix("warning circuit opened") }
                    #expect(opened.count == 1)
                    #expect(opened.first?.contains(" failures=3 ") == true)
                    #expect(opened.first?.contains(" reason=status 503 ") == true)
                }
            }
        }

        @Test func `a share of failures opens the circuit`() async throws {
            let count = NIOLockedValueBox(0)
            let script = serving { _ in
                let number = count.withLockedValue { count in
                    count += 1
                    return count
                }
                return number % 2 == 0 ? status(500) : ok()
            }
            try await withUpstream(script) { upstream in
                let settings = "failures = 1000\nmin_requests = 20\nopen_for = \"60s\"\nwindow = \"60s\""
                try await Self.withBreaker([upstream.url], settings) { gateway in
                    for number in 1...20 {
                        let response = try await gateway.get("/")
                        #expect(response.status == (number % 2 == 0 ? 500 : 200))
                    }
                    #expect(try await gateway.get("/").code == "circuit_open")
                    #expect(upstream.requests.count == 20)
                }
            }
        }

        @Test(arguments: ["refuse", "reset", "malformed", "timeout"])
        func `what keeps a response from coming is a failure`(kind: String) async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                switch kind {
                case "malformed": try await session.send("HTTP/1.1 abc\r\n\r\n")
                case "timeout": _ = try await session.connection.rest()
                default: try await session.connection.reset()
                }
            }
            try await withUpstream(script) { upstream in
                let url = upstream.url
                if kind == "refuse" { await upstream.stop() }
                let more = "[middleware.timeout]\nfirst_byte = \"50ms\""
                try await Self.withBreaker([url], "failures = 2\nopen_for = \"60s\"", more: more) { gateway in
                    for _ in 0..<2 { #expect(try await gateway.get("/").code != "circuit_open") }
                    let refused = try await gateway.get("/")
                    #expect(refused.code == "circuit_open")
                    let reason = kind == "refuse" ? "refused" : kind
                    #expect(
                        try await Self.upstreams(of: gateway).contains("\"reason\":\"\(reason)\",\"state\":\"open\"")
                    )
                }
            }
        }

        @Test func `what says nothing about the target is no failure`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                _ = try await session.connection.rest()
            }
            try await withUpstream(script) { upstream in
                let settings = "failures = 1\nopen_for = \"60s\""
                let server = "trusted_proxies = [\"127.0.0.0/8\"]"
                try await Self.withBreaker([upstream.url], settings, server: server) { gateway in
                    for _ in 0..<4 {
                        let late = try await gateway.get("/", "X-Request-Timeout-Ms: 1")
                        #expect(late.code == "deadline_exceeded")
                        let before = upstream.requests.count
                        let client = try await gateway.connect()
                        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        try await eventually("the request arrives") { upstream.requests.count > before }
                        client.close()
                    }
                    try await eventuallyAsync("the gateway gives up") {
                        let metrics = try? await gateway.get("/metrics").text
                        return metrics?.contains("gateway_http_requests_in_flight{route=\"all\"} 0\n") ?? false
                    }
                    #expect(
                        try await Self.upstreams(of: gateway).contains(
                            "\"circuit\":{\"failures\":0,\"state\":\"closed\"}"
                        )
                    )
                }
            }
        }

        @Test func `a half-open circuit lets one request through at a time, and closes with its success`() async throws
        {
            let answers = AnswerSwitch(status(500))
            let hold = Signal()
            let script = serving { request in
                if request.target == "/slow" { try await hold.wait() }
                return answers.answer
            }
            let log = LogLines()
            try await withUpstream(script) { upstream in
                let settings = "failures = 1\nopen_for = \"50ms\""
                try await Self.withBreaker([upstream.url], settings, log: log) { gateway in
                    #expect(try await gateway.get("/").status == 500)
                    try await Self.awaitCircuit("half_open", of: gateway)
                    #expect(upstream.requests.count == 1)
                    answers.answer = ok("back")
                    async let probe = gateway.get("/slow")
                    try await eventually("the probe arrives") { upstream.requests.count == 2 }
                    try await withThrowingTaskGroup(of: String?.self) { group in
                        for _ in 0..<50 { group.addTask { try await gateway.get("/").code } }
                        for try await code in group { #expect(code == "circuit_open") }
                    }
                    #expect(upstream.requests.count == 2)
                    hold.fire()
                    #expect(try await probe.text == "back")
                    try await Self.awaitCircuit("closed", of: gateway)
                    for _ in 0..<6 { #expect(try await gateway.get("/").text == "back") }
                    #expect(log.lines.contains { $0.hasPrefix("notice circuit closed") })
                    let target = "{upstream=\"api\",target=\"\(upstream.authority)\""
                    let metrics = try await gateway.get("/metrics").text
                    #expect(metrics.contains("gateway_circuit_breaker_state\(target)} 0\n"))
                    for state in ["open", "half_open", "closed"] {
                        let series = "gateway_circuit_breaker_transitions_total\(target),to=\"\(state)\"} 1\n"
                        #expect(metrics.contains(series))
                    }
                }
            }
        }

        @Test func `of many clients that find the circuit half open one is let through`() async throws {
            let answers = AnswerSwitch(status(500))
            let hold = Signal()
            let script = serving { request in
                if request.target == "/slow" { try await hold.wait() }
                return answers.answer
            }
            try await withUpstream(script) { upstream in
                try await Self.withBreaker([upstream.url], "failures = 1\nopen_for = \"50ms\"") { gateway in
                    #expect(try await gateway.get("/").status == 500)
                    try await Self.awaitCircuit("half_open", of: gateway)
                    answers.answer = ok()
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        for _ in 0..<50 { group.addTask { try await gateway.get("/slow").status } }
                        for _ in 0..<49 {
                            let status = try await group.next()
                            #expect(status == 503)
                        }
                        try await eventually("the probe arrives") { upstream.requests.count == 2 }
                        hold.fire()
                        #expect(try await group.next() == 200)
                    }
                }
            }
        }

        @Test func `a probe whose client leaves makes room for another`() async throws {
            let answers = AnswerSwitch(status(500))
            let script: ScriptedUpstream.Script = { session in
                let request = try await session.request()
                if request.target == "/slow" { _ = try await session.connection.rest() }
                try await session.send(answers.answer)
            }
            try await withUpstream(script) { upstream in
                try await Self.withBreaker([upstream.url], "failures = 1\nopen_for = \"50ms\"") { gateway in
                    #expect(try await gateway.get("/").status == 500)
                    try await Self.awaitCircuit("half_open", of: gateway)
                    answers.answer = ok("back")
                    for number in 2...4 {
                        let client = try await gateway.connect()
                        try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                        try await eventually("the probe arrives") { upstream.requests.count == number }
                        #expect(try await gateway.get("/").code == "circuit_open")
                        client.close()
                        try await eventually("the gateway gives up") { upstream.openConnections == 0 }
                    }
                    #expect(try await gateway.get("/").text == "back")
                    try await Self.awaitCircuit("closed", of: gateway)
                }
            }
        }

        @Test func `a probe that fails doubles the time, up to max_open`() async throws {
            let answers = AnswerSwitch(status(500))
            let log = LogLines()
            try await withUpstream(answers.script) { upstream in
                let settings = "failures = 1\nopen_for = \"20ms\"\nmax_open = \"50ms\""
                try await Self.withBreaker([upstream.url], settings, log: log) { gateway in
                    for _ in 0..<4 {
                        try await eventuallyAsync("a request reaches the target") {
                            (try? await gateway.get("/").status) == 500
                        }
                    }
                    answers.answer = ok()
                    try await eventuallyAsync("the circuit closes") { (try? await gateway.get("/").status) == 200 }
                    answers.answer = status(500)
                    #expect(try await gateway.get("/").status == 500)
                    let times = log.lines.filter { $0.contains("circuit opened") }.map { line in
                        line.firstMatch(of: /open_ms=(\d+)/)?.1
                    }
                    #expect(times == ["20", "40", "50", "50", "20"])
                }
            }
        }

        @Test func `only a share of the targets may be out`() async throws {
            try await withUpstream(serving { _ in status(500) }) { first in
                try await withUpstream(serving { _ in status(500) }) { second in
                    try await withUpstream(serving { _ in status(500) }) { third in
                        let urls = [first.url, second.url, third.url]
                        let settings = "failures = 2\nopen_for = \"60s\"\nmax_ejected = 0.5"
                        try await Self.withBreaker(urls, settings) { gateway in
                            for _ in 0..<30 { #expect(try await gateway.get("/").status == 500) }
                            let shown = try await Self.upstreams(of: gateway)
                            #expect(shown.ranges(of: "\"state\":\"open\"").count == 1)
                            let counts = [first, second, third].map(\.requests.count)
                            #expect(counts.reduce(0, +) == 30)
                            #expect(counts.count { $0 <= 3 } == 1)
                        }
                    }
                }
            }
        }

        @Test func `other targets take the requests of a target whose circuit is open`() async throws {
            let answers = AnswerSwitch(status(500))
            try await withUpstream(answers.script) { broken in
                try await withUpstream(serving { _ in ok("other") }) { other in
                    let settings = "failures = 1\nopen_for = \"50ms\""
                    try await Self.withBreaker([broken.url, other.url], settings) { gateway in
                        try await eventuallyAsync("the circuit opens") { (try? await gateway.get("/").status) == 500 }
                        answers.answer = ok("back")
                        // The next request after the pause is the probe. From then on both get requests.
                        try await eventuallyAsync("the target is back") { (try? await gateway.get("/").text) == "back" }
                        try await Self.awaitCircuit("closed", of: gateway)
                        var texts: Set<String> = []
                        for _ in 0..<8 { texts.insert(try await gateway.get("/").text) }
                        #expect(texts == ["back", "other"])
                    }
                }
            }
        }
    }
}
