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
            environment["GATEWAY_FAULT_SEED"].flatMap { UInt64($0) }.map { [$0] }
            ?? Array(1...UInt64(Thoroughness.count(2, thorough: 4)))
        private static let exchanges =
            environment["GATEWAY_FAULT_EXCHANGES"].flatMap { Int($0) } ?? Thoroughness.count(400, thorough: 800)
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

        private static let retry = """
            [middleware.retry]
            on = ["connect", "reset"]
            backoff = "1ms"
            budget = 10
            """

        @Test(arguments: seeds)
        func `every client gets its own bytes, and a cut body never looks complete`(_ seed: UInt64) async throws {
            try await Self.play(seed, settings: Self.route, most: 2)
        }

        @Test(arguments: seeds.prefix(Thoroughness.count(1, thorough: 2)))
        func `retries change neither, and send no POST twice`(_ seed: UInt64) async throws {
            // Each of the three tries may find a stale connection twice.
            try await Self.play(seed, settings: Self.route + "\n" + Self.retry, most: 9)
        }

        /// - Parameter most: How often a request that may be repeated may reach the upstream.
        private static func play(_ seed: UInt64, settings: String, most: Int) async throws {
            let run = FaultyRun(seed: seed, places: Self.places)
            let upstreamSide = FaultyUpstreamScript(run: run)
            let script: ScriptedUpstream.Script = { try await upstreamSide.play($0) }
            try await withProxy(
                script,
                upstream: Self.upstream,
                more: settings,
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
                for number in 0..<Self.exchanges { Self.check(run, number, most) }
                try await Self.expectAllPlaces(gateway)
                #expect(upstream.openConnections <= Self.places)
            }
            #expect(run.violations == [], "run again with GATEWAY_FAULT_SEED=\(seed)")
            #expect(run.outcomes.count >= 5, "too few kinds of outcome: \(run.outcomes)")
        }

        /// What the upstream may have received of a request.
        private static func check(_ run: FaultyRun, _ number: Int, _ most: Int) {
            let exchange = run.exchange(number)
            let sendings = run.sendings(number)
            if sendings > (exchange.mayRepeat ? most : 1) { run.violation(number, "sent \(sendings) times") }
            let isFinal =
                switch exchange.fault {
                case .inBody, .early, .behindAnswer, .beforeHead(.junk): true
                case .beforeHead(.stall): true
                // A retry may follow a part of a head.
                case .inHead: most == 2
                case .none, .beforeRequestBody, .beforeHead: false
                }
            if isFinal, run.receipts(number) > 1 { run.violation(number, "sent again after its response had begun") }
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
