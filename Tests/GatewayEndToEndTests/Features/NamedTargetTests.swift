import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

extension EndToEnd {
    /// Targets with host names.
    @Suite struct NamedTargetTests {
        private func target(of gateway: RunningGateway) throws -> UpstreamTarget {
            try #require(gateway.server.runtime?.upstreams.targets["api"]?.first)
        }

        private func addresses(_ upstreams: ScriptedUpstream...) throws -> [SocketAddress] {
            try upstreams.map { try SocketAddress(ipAddress: "127.0.0.1", port: $0.port) }
        }

        @Test func `the first requests wait for the name's first address`() async throws {
            try await withUpstream(serving { ok($0["Host"] ?? "") }) { upstream in
                try await withGateway(proxy(to: "http://localhost:\(upstream.port)"), workers: 2) { gateway in
                    let answers = try await withThrowingTaskGroup(of: Message.self) { group in
                        for _ in 0..<8 { group.addTask { try await gateway.get("/") } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(answers.map(\.status) == Array(repeating: 200, count: 8))
                    #expect(try target(of: gateway).label == "localhost:\(upstream.port)")
                }
            }
        }

        @Test func `each address of a name gets its share, and a removed one finishes its requests`() async throws {
            let go = Signal()
            let held = Signal()
            let script = playing { session in
                try await session.serve { request in
                    if request.target == "/hold" {
                        held.fire()
                        try await go.wait()
                    }
                    return ok("first")
                }
            }
            try await withUpstream(script) { first in
                try await withUpstream(serving { _ in ok("second") }) { second in
                    let toml = proxy(to: "http://localhost:\(first.port)", upstream: "balance = \"round_robin\"")
                    try await withGateway(toml) { gateway in
                        _ = try await gateway.get("/")
                        let target = try target(of: gateway)
                        target.found(try addresses(first, second))
                        let kept = target.endpoints[1]
                        var answers: [String] = []
                        for _ in 0..<10 { answers.append(try await gateway.get("/").text) }
                        #expect(answers.count { $0 == "first" } == 5)

                        let holding = try await gateway.connect()
                        defer { holding.close() }
                        while first.requests.allSatisfy({ $0.target != "/hold" }) {
                            let answered = second.requests.count
                            try await holding.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
                            try await eventually("it has reached an upstream") {
                                second.requests.count > answered || first.requests.contains { $0.target == "/hold" }
                            }
                            if second.requests.count > answered { _ = try await holding.response() }
                        }
                        try await held.wait()
                        target.found(try addresses(second))
                        let taken = first.requests.count
                        for _ in 0..<10 { #expect(try await gateway.get("/").text == "second") }
                        #expect(first.requests.count == taken)
                        #expect(target.endpoints[0] === kept)
                        // Idle connections are closed, the busy one is not.
                        try await eventually("the idle ones are closed") { first.openConnections == 1 }
                        #expect(target.leavingEndpoints.map(\.condition.state) == [.draining])
                        go.fire()
                        #expect(try await holding.response().text == "first")
                        try await eventually("the address is gone") {
                            first.openConnections == 0 && target.leavingEndpoints.isEmpty
                        }
                        target.found(try addresses(first, second))
                        try await eventuallyAsync("it works again") { (try? await gateway.get("/").text) == "first" }
                    }
                }
            }
        }

        @Test func `a dead address of a name fails no request, and the target is up`() async throws {
            let closed = try await withUpstream(playing { _ in }) { $0.port }
            try await withUpstream(serving { _ in ok() }) { upstream in
                let toml = proxy(to: "http://localhost:\(upstream.port)", more: "[admin]\nexpose = [\"/metrics\"]")
                try await withGateway(toml) { gateway in
                    _ = try await gateway.get("/")
                    let target = try target(of: gateway)
                    let dead = try SocketAddress(ipAddress: "127.0.0.1", port: closed)
                    target.found([dead] + (try addresses(upstream)))
                    for _ in 0..<20 { #expect(try await gateway.get("/").status == 200) }
                    #expect(target.endpoints.map(\.isInRotation) == [false, true])
                    let metrics = try await gateway.get("/metrics").text
                    #expect(
                        metrics.contains("gateway_upstream_target_up{upstream=\"api\",target=\"\(target.label)\"} 1\n")
                    )
                }
            }
        }
    }
}
