import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

extension EndToEnd {
    /// What a reload leaves behind.
    @Suite struct ReloadMemoryTests {
        /// A middleware whose instances are counted.
        private struct Counted: CompletionHook {
            static let name = "counted"
            static let alive = NIOLockedValueBox(0)

            private final class Instance: Sendable {
                init() { Counted.alive.withLockedValue { $0 += 1 } }
                deinit { Counted.alive.withLockedValue { $0 -= 1 } }
            }

            private let instance = Instance()

            init(_ config: NoSettings, in context: inout BuildContext) {}

            func complete(_ exchange: Exchange, _ outcome: Outcome) {}
        }

        /// The plans of the routes and of requests without a route, on two workers.
        private static let plansOfOneGeneration = 2 * 3

        private static func toml(_ url: String, _ number: Int) -> String {
            """
            [upstreams.api]
            targets = ["\(url)"]
            [upstreams.other\(number)]
            targets = ["\(url)"]
            [[routes]]
            name = "all"
            path = "/*"
            upstream = "api"
            [[routes]]
            name = "route\(number)"
            path = "/\(number)/*"
            upstream = "other\(number)"
            concurrency = { max_in_flight = 5 }
            rate_limit = { limit = "100000/minute" }
            """
        }

        @Test func `generations end with their last exchange, and nothing of them stays`() async throws {
            let go = Signal()
            let script = serving { request in
                if request.target == "/held" { try await go.wait() }
                return ok(request.target)
            }
            let middlewares = MiddlewareList.standard.appending(.of(Counted.self))
            try await withUpstream(script) { upstream in
                try await withGateway(Self.toml(upstream.url, 0), workers: 2, middlewares: middlewares) { gateway in
                    let runtime = try #require(gateway.server.runtime)
                    let held = try await gateway.connect()
                    defer { held.close() }
                    try await held.send("GET /held HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    try await eventually("it has reached the upstream") { upstream.requests.count == 1 }
                    for number in 1...20 {
                        try await gateway.reload(Self.toml(upstream.url, number))
                        #expect(try await gateway.get("/\(number)/x").text == "/\(number)/x")
                    }
                    // The held request and connections that are kept may refer to older plans.
                    let limit = 2 * Self.plansOfOneGeneration
                    try? await eventually("old plans are released") { Counted.alive.withLockedValue { $0 } <= limit }
                    #expect(Counted.alive.withLockedValue { $0 } <= limit)
                    go.fire()
                    #expect(try await held.response().text == "/held")
                    // The limiter of the last route, and what paces its events.
                    #expect(runtime.shared.objectsOfPlans == 2)
                    let families = await runtime.status.registry.snapshot()
                    for family in families {
                        guard let place = family.description.labels.firstIndex(of: "route") else { continue }
                        let routes = Set(family.labels.map { $0[place] })
                        #expect(routes.isSubset(of: ["all", "route20", "_none", "_OTHER"]))
                    }
                }
            }
        }
    }
}
