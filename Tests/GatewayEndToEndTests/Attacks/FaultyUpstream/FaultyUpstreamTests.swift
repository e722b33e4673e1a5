import FoundationEssentials
import Testing

extension EndToEnd {
    /// An upstream that fails at any moment, with few kept connections and many clients that may leave.
    ///
    /// A failing run prints its seed: `GATEWAY_FAULT_SEED=N` runs that one alone, `GATEWAY_FAULT_EXCHANGES=N` a
    /// longer one.
    @Suite struct FaultyUpstreamTests {
        private static let environment = ProcessInfo.processInfo.environment
        private static let seeds: [UInt64] =
            environment["GATEWAY_FAULT_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? [1, 2, 3, 4]
        private static let exchanges = environment["GATEWAY_FAULT_EXCHANGES"].flatMap { Int($0) } ?? 800
        private static let clients = 12
        private static let places = 4

        private static let upstream = """
            max_connections = \(places)
            queue = "60s"
            """
        private static let route = """
            [[routes]]
            name = "stall"
            path = "/stall/*"
            upstream = "api"
            timeout = { first_byte = "250ms", idle = "250ms" }
            """

        @Test(arguments: seeds)
        func `every client gets its own bytes, and a cut body never looks complete`(_ seed: UInt64) async throws {
            let run = FaultyRun(seed: seed, places: Self.places)
            let upstreamSide = FaultyUpstreamScript(run: run)
            let script: ScriptedUpstream.Script = { try await upstreamSide.play($0) }
            try await withProxy(
                script,
                upstream: Self.upstream,
                more: Self.route,
                workers: 2
            ) { gateway, upstream in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<Self.clients {
                        group.addTask {
                            let numbers = stride(from: lane, to: Self.exchanges, by: Self.clients)
                            try await FaultyClient(run: run, gateway: gateway).ask(Array(numbers))
                        }
                    }
                    try await group.waitForAll()
                }
                for number in 0..<Self.exchanges { Self.check(run, number) }
                try await Self.expectAllPlaces(gateway)
                #expect(upstream.openConnections <= Self.places)
            }
            #expect(run.violations == [], "run again with GATEWAY_FAULT_SEED=\(seed)")
            #expect(run.outcomes.count >= 5, "too few kinds of outcome: \(run.outcomes)")
        }

        /// What the upstream may have received of a request.
        private static func check(_ run: FaultyRun, _ number: Int) {
            let exchange = run.exchange(number)
            let sendings = run.sendings(number)
            if sendings > (exchange.mayRepeat ? 2 : 1) { run.violation(number, "sent \(sendings) times") }
            switch exchange.fault {
            case .inHead, .inBody, .early, .behindAnswer, .beforeHead(.junk), .beforeHead(.stall):
                if run.receipts(number) > 1 { run.violation(number, "sent again after its response had begun") }
            default: break
            }
            if exchange.leavesInRequest != nil, run.receipts(number) > 0 {
                run.violation(number, "complete at the upstream, although the client did not send all of it")
            }
        }

        /// No connection permit was lost: as many requests as there are permits reach the upstream at once.
        private static func expectAllPlaces(_ gateway: RunningGateway) async throws {
            try await withThrowingTaskGroup(of: Message.self) { group in
                for _ in 0..<Self.places { group.addTask { try await gateway.get("/plain/hold") } }
                for try await response in group { #expect(response.text == "held") }
            }
        }
    }
}
