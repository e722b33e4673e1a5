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

    typealias Answer = Result<RateLimitCount, RateLimitStoreError>

    /// A store of several gateways that answers on request.
    private final class RemoteStore: RateLimitStore {
        let seed = SipHash.Seed(1, 2)
        var absence: RateLimitStoreError?
        private(set) var keys: [RateLimitKey] = []
        private var waiting: [(Answer) -> Void] = []

        func take(_ key: RateLimitKey, _ done: @escaping (Answer) -> Void) -> RateLimitStoreError? {
            self.keys.append(key)
            if self.absence == nil { self.waiting.append(done) }
            return self.absence
        }

        func answer(_ answer: Answer) {
            let waiting = self.waiting
            self.waiting = []
            for done in waiting { done(answer) }
        }
    }

    /// What a client received, and the status before the store had answered.
    private struct Seen: Equatable, Sendable {
        var before: Int?
        var status: Int?
        var rateLimit: String?
    }

    /// Requests of one client.
    private final class Requests {
        let store = RemoteStore()
        private let worker: Worker
        private let chain = Chain()

        init(_ worker: Worker, _ config: Config, failure: RedisFailure) {
            self.worker = worker
            let meters = RouteMeters(route: "users", shard: worker.meters)
            var context = BuildContext(route: "users", worker: worker, meters: meters, middleware: "rate_limit")
            self.chain.append(
                RateLimitMiddleware(config, in: &context, store: self.store, failure: failure),
                at: 0
            )
        }

        func send(_ answer: Answer, token: String = "a") throws -> Seen {
            let client = RecordingClient()
            let exchange = try self.worker.exchange("GET / HTTP/1.1", "Host: a", "X-Token: \(token)", client: client)
            exchange.refusal = nil
            exchange.plan = self.worker.plan("users", self.chain, action: .respond(Response(status: 200)))
            exchange.driver.descend()
            let before = client.status
            self.store.answer(answer)
            let line = client.lines.first { $0.hasPrefix("RateLimit:") }
            return Seen(before: before, status: client.status, rateLimit: line)
        }
    }

    private static func run(
        failure: RedisFailure = .local,
        _ config: Config = Config(),
        _ body: @escaping @Sendable (Requests) throws -> [Seen]
    ) async throws -> [Seen] {
        try await WorkerFixture.run { worker in try body(Requests(worker, config, failure: failure)) }
    }

    /// The count of a sliding window of a minute that began 51 seconds ago.
    private static func count(_ requests: UInt32, allowed: Bool) -> RateLimitCount {
        let cell = RateLimitCell(time: 30_000_000, current: requests)
        let now = (30_000_000 * 60 + 51) * 1_000_000_000 as UInt64
        return RateLimitCount(isAllowed: allowed, now: now, cells: [cell])
    }

    @Test(arguments: [(57, true, 200, 3, 9), (60, false, 429, 0, 10)])
    func `a request waits for the store of several gateways`(
        requests: UInt32,
        allowed: Bool,
        status: Int,
        remaining: Int,
        reset: Int
    ) async throws {
        let seen = try await Self.run { try [$0.send(.success(Self.count(requests, allowed: allowed)))] }
        let line = "RateLimit: \"users\";r=\(remaining);t=\(reset)"
        #expect(seen == [Seen(before: nil, status: status, rateLimit: line)])
    }

    private static let failures: [(RedisFailure, Int, Bool)] = [
        (.local, 200, true), (.open, 200, false), (.closed, 503, false),
    ]

    @Test(arguments: Self.failures)
    func `without an answer from the store the failure setting decides`(
        failure: GatewaySettings.RedisFailure,
        status: Int,
        isCounted: Bool
    ) async throws {
        let error = RateLimitStoreError(reason: "away")
        let seen = try await Self.run(failure: failure) { requests in
            let late = try requests.send(.failure(error))
            requests.store.absence = error
            return [late, try requests.send(.failure(error))]
        }
        #expect(seen.map(\.before) == [nil, status])
        for seen in seen {
            #expect(seen.status == status)
            #expect((seen.rateLimit != nil) == isCounted)
        }
    }

    @Test func `without the store the count continues where the store left it`() async throws {
        let seen = try await Self.run { requests in
            let first = try requests.send(.success(Self.count(58, allowed: true)))
            requests.store.absence = RateLimitStoreError(reason: "away")
            return try [first] + (0..<3).map { _ in try requests.send(.failure(RateLimitStoreError(reason: ""))) }
        }
        #expect(seen.map(\.status) == [200, 200, 200, 429])
        #expect(seen[2].rateLimit?.hasPrefix("RateLimit: \"users\";r=0;") == true)
    }

    @Test func `shadow mode rejects nothing without the store either`() async throws {
        var config = Config()
        config.mode = .shadow
        let seen = try await Self.run(failure: .closed, config) {
            try [$0.send(.failure(RateLimitStoreError(reason: "away")))]
        }
        #expect(seen.map(\.status) == [200])
    }

    @Test func `keys beyond max_keys share a key in the store too`() async throws {
        var config = Config()
        config.maxKeys = 1
        config.key = KeySource(.header("x-token"))
        let same = try await WorkerFixture.run { [config] worker in
            let requests = Requests(worker, config, failure: .local)
            for token in ["a", "b", "c", "a"] {
                _ = try requests.send(.success(Self.count(1, allowed: true)), token: token)
            }
            let keys = requests.store.keys
            return [keys[0] == keys[1], keys[1] == keys[2], keys[0] == keys[3]]
        }
        #expect(same == [false, true, true])
    }

    // MARK: Reporting

    @Test(arguments: [(RateLimitMiddleware.Mode.enforce, "limited"), (.shadow, "shadow_limited")])
    func `decisions are counted and logged`(mode: RateLimitMiddleware.Mode, limited: String) async throws {
        let told = try await WorkerFixture.run { worker in
            var config = Config()
            config.limit = .rates(Rates(Rate(2, per: .day)))
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
            $0.limit = .rates(Rates(Rate(1, per: .day)))
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
        Mistake("limit") { $0.limit = .rates(Rates(Rate(1_000_000_001, per: .day))) },
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
