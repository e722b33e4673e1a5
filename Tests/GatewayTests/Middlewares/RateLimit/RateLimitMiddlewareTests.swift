import GatewayHTTP
import GatewayHTTP1
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct RateLimitMiddlewareTests {
    typealias Config = RateLimitMiddleware.Config

    /// A remote store that answers on request.
    private final class RemoteStore: RateLimitStore {
        typealias Answer = Result<RateLimitDecision, RateLimitStoreError>

        let seed = SipHash.Seed(1, 2)
        private let waiting = NIOLockedValueBox<[@Sendable (Answer) -> Void]>([])

        func take(
            _ key: RateLimitKey,
            of limiter: String,
            by rule: RateLimitRule,
            _ done: @escaping @Sendable (Answer) -> Void
        ) {
            self.waiting.withLockedValue { $0.append(done) }
        }

        func answer(_ answer: Answer) {
            for done in self.waiting.withLockedValue({ waiting in
                defer { waiting = [] }
                return waiting
            }) { done(answer) }
        }
    }

    /// What a client received, and the status before the store had answered.
    private struct Seen: Equatable {
        var before: Int?
        var status: Int?
        var rateLimit: String?
    }

    private static func run(
        _ answer: RemoteStore.Answer,
        failure: RateLimitFailure = .local,
        _ config: Config = Config()
    ) async throws -> Seen {
        let store = RemoteStore()
        let loop = NIOLockedValueBox<(any EventLoop)?>(nil)
        let kept = NIOLockedValueBox<NIOLoopBound<(RecordingClient, Worker)>?>(nil)
        let before = try await WorkerFixture.run { worker -> Int? in
            loop.withLockedValue { $0 = worker.eventLoop }
            let meters = RouteMeters(route: "users", shard: worker.meters)
            var context = BuildContext(route: "users", worker: worker, meters: meters, middleware: "rate_limit")
            let middleware = RateLimitMiddleware(config, in: &context, store: store, failure: failure)
            let chain = Chain()
            chain.append(middleware, at: 0)
            let client = RecordingClient()
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", client: client)
            exchange.refusal = nil
            exchange.plan = worker.plan("users", chain, action: .respond(Response(status: 200)))
            exchange.driver.descend()
            kept.withLockedValue { $0 = NIOLoopBound((client, worker), eventLoop: worker.eventLoop) }
            return client.status
        }
        store.answer(answer)
        let eventLoop = try #require(loop.withLockedValue { $0 })
        let bound = try #require(kept.withLockedValue { $0 })
        return try await eventLoop.submit {
            let client = bound.value.0
            let line = client.lines.first { $0.hasPrefix("RateLimit:") }
            return Seen(before: before, status: client.status, rateLimit: line)
        }.get()
    }

    private static func decision(allowed: Bool) -> RateLimitDecision {
        var decision = RateLimitDecision(count: 1)
        decision.isAllowed = allowed
        decision.retryAfter = allowed ? 0 : 7
        decision[0] = RateLimitStanding(remaining: 3, resetSeconds: 9)
        return decision
    }

    @Test(arguments: [(true, 200), (false, 429)])
    func `a request waits for an asynchronous store`(allowed: Bool, status: Int) async throws {
        let seen = try await Self.run(.success(Self.decision(allowed: allowed)))
        #expect(seen == Seen(before: nil, status: status, rateLimit: "RateLimit: \"users\";r=3;t=9"))
    }

    @Test(arguments: [(RateLimitFailure.local, 200, true), (.open, 200, false), (.closed, 503, false)])
    func `without an answer from the store the failure setting decides`(
        failure: RateLimitFailure,
        status: Int,
        isCounted: Bool
    ) async throws {
        let seen = try await Self.run(.failure(RateLimitStoreError(reason: "away")), failure: failure)
        #expect(seen.status == status)
        #expect((seen.rateLimit != nil) == isCounted)
    }

    // MARK: Reporting

    @Test(arguments: [(RateLimitMiddleware.Mode.enforce, "limited"), (.shadow, "shadow_limited")])
    func `decisions are counted and logged`(mode: RateLimitMiddleware.Mode, limited: String) async throws {
        let told = try await WorkerFixture.run { worker in
            var config = Config()
            config.limit = Rates(Rate(2, per: .day))
            config.mode = mode
            let meters = RouteMeters(route: "users", shard: worker.meters)
            var context = BuildContext(route: "users", worker: worker, meters: meters, middleware: "rate_limit")
            let middleware = RateLimitMiddleware(config, in: &context)
            var told: [String] = []
            for _ in 0..<3 {
                let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
                _ = middleware.request(exchange)
                told.append(exchange[RateLimitMiddleware.verdict].map { "\($0)" } ?? "")
            }
            for family in worker.meters.copy() where family.description.name.hasPrefix("gateway_rate_limit") {
                for (labels, value) in zip(family.labels, family.values) {
                    told.append((labels + ["\(Int(value))"]).joined(separator: " "))
                }
            }
            return told
        }
        #expect(told.prefix(3) == ["allowed", "allowed", limited])
        #expect(Set(told.dropFirst(3)) == ["1", "users allowed 2", "users \(limited) 1"])
    }

    // MARK: Settings

    private static func mistakes(
        policy: String? = nil,
        _ configure: @escaping @Sendable (inout Config) -> Void
    ) async throws -> [String] {
        try await WorkerFixture.run { worker in
            var config = Config()
            configure(&config)
            let meters = RouteMeters(route: "users", shard: worker.meters)
            let settings = EffectiveMiddleware(
                name: "rate_limit",
                isEnabled: true,
                settings: SettingNode(.table([:]), source: .code),
                policy: policy
            )
            var context = BuildContext(
                route: "users",
                worker: worker,
                meters: meters,
                middleware: "rate_limit",
                settings: settings
            )
            _ = RateLimitMiddleware(config, in: &context)
            return context.diagnostics.map { $0.keys.joined(separator: ".") }
        }
    }

    /// Settings that are rejected, with their key.
    struct Mistake: Sendable {
        let key: String
        let configure: @Sendable (inout Config) -> Void

        init(_ key: String, _ configure: @escaping @Sendable (inout Config) -> Void) {
            self.key = key
            self.configure = configure
        }
    }

    @Test(arguments: [
        Mistake("burst") { $0.burst = .count(5) },
        Mistake("burst") {
            $0.algorithm = .tokenBucket
            $0.burst = .count(100_000)
            $0.limit = Rates(Rate(1, per: .day))
        },
        Mistake("cost") { $0.cost = 0 },
        Mistake("cost") { $0.cost = 61 },
        Mistake("cost") {
            $0.algorithm = .tokenBucket
            $0.burst = .count(2)
            $0.cost = 3
        },
        Mistake("ipv6_prefix") { $0.ipv6Prefix = 0 },
        Mistake("ipv6_prefix") { $0.ipv6Prefix = 129 },
        Mistake("max_keys") { $0.maxKeys = 0 },
        Mistake("status") { $0.status = 200 },
        Mistake("limit") { $0.limit = Rates(Rate(1_000_000_001, per: .day)) },
        Mistake("scope") { $0.scope = .policy },
    ])
    func `invalid settings are rejected`(mistake: Mistake) async throws {
        #expect(try await Self.mistakes(mistake.configure) == [mistake.key])
    }

    @Test func `valid settings are accepted`() async throws {
        #expect(try await Self.mistakes { _ in } == [])
        #expect(try await Self.mistakes(policy: "public") { $0.scope = .policy } == [])
        #expect(
            try await Self.mistakes {
                $0.algorithm = .tokenBucket
                $0.burst = .count(100)
                $0.cost = 60
            } == []
        )
    }

    @Test(
        arguments: [
            ("60/minute", "60/minute"), ("[\"1000/hour\",\"10/second\"]", "10/second,1000/hour"), ("[]", nil),
            ("[\"1/second\",\"2/second\"]", nil), ("plan", nil), ("0/minute", nil), ("60", nil),
        ] as [(String, String?)]
    )
    func `one rate or several are decoded`(written: String, rates: String?) {
        let names = written.split { "[],\"".contains($0) }.map { SettingValue.string(String($0)) }
        let value = written.hasPrefix("[") ? .list(names) : names[0]
        #expect((try? Rates(setting: value))?.rates.map(\.description).joined(separator: ",") == rates)
    }
}
