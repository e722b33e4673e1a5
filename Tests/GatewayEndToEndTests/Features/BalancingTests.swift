import Gateway
import NIOCore
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// Which target a request goes to.
    @Suite struct BalancingTests {
        /// The responses to `count` requests, from upstreams that answer with their number.
        private static func answers(
            _ count: Int,
            weights: [Int] = [1, 1],
            settings: String,
            fields: (Int) -> String = { _ in "" }
        ) async throws -> [String] {
            try await withUpstream(serving { _ in ok("0") }) { first in
                try await withUpstream(serving { _ in ok("1") }) { second in
                    let toml = """
                        [upstreams.api]
                        targets = [{ url = "\(first.url)", weight = \(weights[0]) }, { url = "\(second.url)", weight = \(weights[1]) }]
                        \(settings)
                        [[routes]]
                        path = "/*"
                        upstream = "api"
                        """
                    return try await withGateway(toml) { gateway in
                        var answers: [String] = []
                        for number in 0..<count { answers.append(try await gateway.get("/", fields(number)).text) }
                        return answers
                    }
                }
            }
        }

        @Test func `round_robin alternates between targets`() async throws {
            let answers = try await Self.answers(10, settings: "balance = \"round_robin\"")
            #expect(answers.filter { $0 == "0" }.count == 5)
            #expect(zip(answers, answers.dropFirst()).allSatisfy { $0 != $1 })
        }

        @Test func `round_robin respects weights`() async throws {
            let answers = try await Self.answers(20, weights: [1, 3], settings: "balance = \"round_robin\"")
            #expect(answers.filter { $0 == "1" }.count == 15)
        }

        @Test func `random reaches all targets`() async throws {
            let answers = try await Self.answers(60, settings: "balance = \"random\"")
            #expect(Set(answers) == ["0", "1"])
        }

        @Test(arguments: [("header:X-Key", "X-Key: "), ("cookie:sid", "Cookie: a=b; sid=")])
        func `a hash keeps a key on its target, and spreads keys`(_ key: String, _ field: String) async throws {
            let settings = "balance = \"hash\"\nhash_key = \"\(key)\""
            let answers = try await Self.answers(80, settings: settings) { "\(field)\($0 % 20)" }
            for key in 0..<20 {
                #expect(Set(stride(from: key, to: 80, by: 20).map { answers[$0] }).count == 1)
            }
            #expect(Set(answers) == ["0", "1"])
        }

        @Test func `a client without the hash cookie is given one, and stays on its target`() async throws {
            let settings = "balance = \"hash\"\nhash_key = \"cookie:sid\"\nset_cookie = true"
            try await withUpstream(serving { _ in ok("0") }) { first in
                try await withUpstream(serving { _ in ok("1") }) { second in
                    let toml = """
                        [upstreams.api]
                        targets = ["\(first.url)", "\(second.url)"]
                        \(settings)
                        [[routes]]
                        path = "/*"
                        upstream = "api"
                        """
                    try await withGateway(toml) { gateway in
                        for _ in 0..<10 {
                            let first = try await gateway.get("/")
                            let cookie = try #require(first["set-cookie"]).prefix { $0 != ";" }
                            #expect(cookie.hasPrefix("sid=") && cookie.count > 8)
                            for _ in 0..<3 {
                                let next = try await gateway.get("/", "Cookie: \(cookie)")
                                #expect(next.text == first.text)
                                #expect(next["set-cookie"] == nil)
                            }
                        }
                    }
                }
            }
        }

        @Test func `least requests avoids a busy target`() async throws {
            let go = Signal()
            let busy = Signal()
            try await withUpstream(
                playing { session in
                    try await session.serve { request in
                        if request.target == "/hold" {
                            busy.fire()
                            try await go.wait()
                        }
                        return ok("0")
                    }
                }
            ) { first in
                try await withUpstream(serving { _ in ok("1") }) { second in
                    let toml = proxy(to: first.url, second.url, upstream: "balance = \"least_requests\"")
                    try await withGateway(toml) { gateway in
                        // Requests are held whenever they reach the first target.
                        let holding = try await gateway.connect()
                        while first.requests.allSatisfy({ $0.target != "/hold" }) {
                            let answered = second.requests.count
                            try await holding.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
                            try await eventually("a target has received it") {
                                second.requests.count > answered || first.requests.contains { $0.target == "/hold" }
                            }
                            if second.requests.count > answered { _ = try await holding.response() }
                        }
                        try await busy.wait()
                        for _ in 0..<20 {
                            let response = try await gateway.get("/")
                            #expect(response.text == "1")
                        }
                        go.fire()
                        #expect(try await holding.response().text == "0")
                        holding.close()
                    }
                }
            }
        }

        @Test func `a Unix socket works like any other target`() async throws {
            let path = "/tmp/gateway-e2e-\(UInt32.random(in: 0 ... .max)).sock"
            try await withUpstream(
                at: SocketAddress(unixDomainSocketPath: path),
                serving { ok($0["Host"] ?? "none") }
            ) { upstream in
                try await withGateway(proxy(to: "unix:\(path)"), listen: [.unix(path: path + ".front")]) { gateway in
                    let response = try await gateway.get("/")
                    #expect(response.text == "a.example")
                    #expect(upstream.requests.count == 1)
                }
            }
        }
    }
}
