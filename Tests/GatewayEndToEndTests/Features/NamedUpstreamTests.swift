import Logging
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

extension EndToEnd {
    /// Upstreams whose targets are names, with a name server played by the test.
    @Suite struct NamedUpstreamTests {
        /// Upstreams on the same port of 127.0.0.2 and 127.0.0.3 that answer with their address.
        private func withTwo<R>(_ body: (ScriptedUpstream, ScriptedUpstream) async throws -> R) async throws -> R {
            let first = try SocketAddress(ipAddress: "127.0.0.2", port: 0)
            return try await withUpstream(at: first, serving { _ in ok("127.0.0.2") }) { first in
                let second = try SocketAddress(ipAddress: "127.0.0.3", port: first.port)
                return try await withUpstream(at: second, serving { _ in ok("127.0.0.3") }) { second in
                    try await body(first, second)
                }
            }
        }

        private func answers(of gateway: RunningGateway, _ count: Int = 20) async throws -> [Message] {
            var answers: [Message] = []
            for _ in 0..<count { answers.append(try await gateway.get("/")) }
            return answers
        }

        @Test func `every address of a name is used, and a dead one fails no request`() async throws {
            try await self.withTwo { first, second in
                try await withNameServer { _ in
                    .addresses("127.0.0.2", "127.0.0.3")
                } _: { server in
                    let toml = proxy(to: "http://api.test.:\(first.port)")
                    try await withGateway(toml, names: quickSettings(server.address)) { gateway in
                        let both = try await self.answers(of: gateway)
                        #expect(Set(both.map(\.text)) == ["127.0.0.2", "127.0.0.3"])
                        #expect(first.requests.first?["host"] == "a.example")
                        await second.stop()
                        let rest = try await self.answers(of: gateway)
                        #expect(rest.allSatisfy { $0.status == 200 && $0.text == "127.0.0.2" })
                    }
                }
            }
        }

        @Test func `requests go to the current addresses of a name`() async throws {
            try await self.withTwo { first, second in
                try await withNameServer { _ in
                    .addresses("127.0.0.2", seconds: 0)
                } _: { server in
                    let toml = proxy(to: "http://api.test:\(first.port)")
                    try await withGateway(toml, workers: 2, names: quickSettings(server.address)) { gateway in
                        for (address, upstream, other) in [
                            ("127.0.0.2", first, second), ("127.0.0.3", second, first), ("127.0.0.2", first, second),
                        ] {
                            server.answer { _ in .addresses(address, seconds: 0) }
                            // No request fails during the change.
                            try await eventuallyAsync("requests go to \(address)") {
                                guard let answer = try? await gateway.get("/") else { return false }
                                #expect(answer.status == 200)
                                return answer.text == address
                            }
                            #expect(upstream.openConnections > 0)
                            try await eventually("connections to the other are closed") {
                                other.openConnections == 0
                            }
                        }
                    }
                }
            }
        }

        @Test func `with a failing name server the last addresses stay in use, and health warns`() async throws {
            try await self.withTwo { first, _ in
                try await withNameServer { _ in
                    .addresses("127.0.0.2", seconds: 0)
                } _: { server in
                    let toml = proxy(to: "http://api.test:\(first.port)", more: "[admin]\nexpose = [\"/health\"]")
                    let log = CollectedLog()
                    try await withGateway(toml, names: quickSettings(server.address), log: log.logger) { gateway in
                        #expect(try await gateway.get("/").status == 200)
                        let healthy = try await gateway.get("/health").text
                        #expect(!healthy.contains("\"warn\""))
                        server.answer { _ in .failure(code: 2) }
                        try await eventuallyAsync("health warns") {
                            guard let health = try? await gateway.get("/health") else { return false }
                            return health.status == 200 && health.text.contains("\"name:api.test\"")
                                && health.text.contains("\"warn\"")
                        }
                        let answers = try await self.answers(of: gateway, 5)
                        #expect(answers.allSatisfy { $0.status == 200 })
                        #expect(log.lines(.warning).count { $0.contains("last known addresses stay in use") } == 1)
                        server.answer { _ in .addresses("127.0.0.2", seconds: 0) }
                        try await eventuallyAsync("health passes") {
                            (try? await gateway.get("/health").text.contains("\"warn\"")) == false
                        }
                    }
                }
            }
        }

        @Test func `a name that does not exist is a 502 until it does`() async throws {
            try await self.withTwo { first, _ in
                try await withNameServer { _ in
                    .failure(code: 3)
                } _: { server in
                    let toml = proxy(to: "http://api.test.:\(first.port)")
                    try await withGateway(toml, names: quickSettings(server.address)) { gateway in
                        let answer = try await gateway.get("/")
                        #expect(answer.status == 502)
                        #expect(answer["proxy-status"]?.contains("dns_error") == true)
                        server.answer { _ in .addresses("127.0.0.2") }
                        try await eventuallyAsync("the name is found") { (try? await gateway.get("/").status) == 200 }
                    }
                }
            }
        }

        @Test func `a silent name delays neither the start nor another upstream`() async throws {
            try await self.withTwo { first, _ in
                try await withNameServer { question in
                    question.name == "silent.test" ? .silence : .addresses("127.0.0.2")
                } _: { server in
                    let toml = """
                        [upstreams.silent]
                        targets = ["http://silent.test:\(first.port)"]
                        [upstreams.api]
                        targets = ["http://api.test:\(first.port)"]
                        [[routes]]
                        path = "/silent"
                        upstream = "silent"
                        [routes.timeout]
                        connect = "100ms"
                        [[routes]]
                        path = "/*"
                        upstream = "api"
                        """
                    try await withGateway(toml, names: quickSettings(server.address)) { gateway in
                        async let silent = gateway.get("/silent")
                        let answers = try await self.answers(of: gateway, 10)
                        #expect(answers.allSatisfy { $0.status == 200 })
                        let status = try await silent.status
                        #expect(status == 504)
                    }
                }
            }
        }

        @Test func `all workers and upstreams share the look-up of a name`() async throws {
            try await self.withTwo { first, second in
                try await withNameServer { _ in
                    .addresses("127.0.0.2", "127.0.0.3")
                } _: { server in
                    let toml =
                        proxy(to: "http://api.test:\(first.port)", "http://API.test:\(first.port)")
                        + "[upstreams.more]\ntargets = [\"http://api.test:\(first.port)\"]\n"
                    var settings = quickSettings(server.address)
                    // A repeated question would be counted twice.
                    settings.tryTimeout = .seconds(10)
                    try await withGateway(toml, workers: 4, names: settings) { gateway in
                        try await withThrowingTaskGroup(of: Int.self) { group in
                            for _ in 0..<20 { group.addTask { try await gateway.get("/").status } }
                            for try await status in group { #expect(status == 200) }
                        }
                        #expect(server.questions.count { $0.kind == .ipv4 } == 1)
                        #expect(server.questions.count { $0.kind == .ipv6 } == 1)
                    }
                }
            }
        }
    }
}
