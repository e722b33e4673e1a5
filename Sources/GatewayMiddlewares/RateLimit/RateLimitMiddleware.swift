public import GatewayCore
import GatewayHTTP
import GatewayRedis
package import GatewaySettings
import NIOCore

/// Limits the number of requests of each client per period, and answers further ones with 429.
///
/// ```toml
/// [routes.rate_limit]
/// limit = ["10/second", "1000/hour"]
/// key = "client_ip"
/// ```
///
/// Requests of exempt clients do not count. Requests are never delayed: they pass or are rejected at once.
public struct RateLimitMiddleware: RequestHook, ResponseHook {
    public static let name = "rate_limit"
    package static let decisions = MetricDescription(
        "gateway_rate_limit_decisions_total",
        .counter,
        help: "Decisions of the rate limiter: allowed, limited, shadow_limited.",
        labels: ["route", "decision"]
    )
    package static let trackedKeys = MetricDescription(
        "gateway_rate_limit_keys",
        .gauge(.maximum),
        help: "Keys tracked by the rate limiters."
    )
    /// What was decided about a request, for the access log.
    package static let verdict = ExchangeKey<StaticString?>("rate_limit.verdict", initial: nil)

    private let rule: RateLimitRule
    private let identity: RateLimitIdentity
    private let limiter: String
    private let limiters: RateLimiters
    private let memory: MemoryRateLimitStore
    /// nil if counts are kept in memory.
    private let store: (any RateLimitStore)?
    private let failure: RedisFailure
    private let exempt: [CIDR]
    private let isShadow: Bool
    private let fields: RateLimitFields
    private let refusals: RateLimitRefusals
    /// What the response reports. A request counts in one limit only.
    private let standing = ExchangeKey<RateLimitDecision?>("rate_limit.standing", initial: nil)
    private let worker: Worker
    private let exceeded: RateLimitExceeded
    private let allowed: Counter
    private let limited: Counter

    public init(_ config: Config, in context: inout BuildContext) {
        self.init(config, in: &context, store: nil)
    }

    /// - Parameters:
    ///   - store: Counts instead of what the settings name.
    ///   - failure: What happens while it is away. Nil: what the settings of Redis say.
    package init(
        _ config: Config,
        in context: inout BuildContext,
        store: (any RateLimitStore)?,
        failure: RedisFailure? = nil
    ) {
        config.check(in: &context)
        let scope = Self.scope(of: config, in: &context)
        self.init(config, named: context.route, counting: scope, in: context, store: store, failure: failure)
    }

    /// Creates the limit of a plan, whose requests count on all routes together.
    init(_ config: Config, plan: String, _ rates: Rates, in context: BuildContext) {
        self.init(config.limited(to: rates), named: plan, counting: "plan \(plan)", in: context)
    }

    /// - Parameters:
    ///   - name: The name in the limit fields.
    ///   - scope: Limits with the same scope share their counts.
    private init(
        _ config: Config,
        named name: String,
        counting scope: String,
        in context: BuildContext,
        store: (any RateLimitStore)? = nil,
        failure: RedisFailure? = nil
    ) {
        self.rule = config.rule
        self.limiters = Self.limiters(in: context)
        // Counts survive a change of the limit, but not a change of their meaning.
        let kind = config.algorithm.rawValue + config.rates.map { "/" + $0.unit.rawValue }.joined()
        self.limiter = "\(scope) \(kind)"
        self.memory = self.limiters.store(
            named: self.limiter,
            capacity: config.maxKeys,
            width: self.rule.windows.count
        )
        let store = store ?? Self.store(of: config, self.rule, self.limiter, in: context)
        self.store = store
        self.failure = failure ?? context.redis.onFailure
        self.identity = RateLimitIdentity(
            config.key,
            ipv6Prefix: config.ipv6Prefix,
            seed: store?.seed ?? self.limiters.seed
        )
        self.exempt = config.exempt
        self.isShadow = config.mode == .shadow
        self.fields = RateLimitFields(
            name: name,
            rates: config.rates,
            capacities: config.capacities,
            selection: config.headers
        )
        self.refusals = RateLimitRefusals(config.rates, status: config.status, self.fields)
        self.worker = context.worker
        self.exceeded = RateLimitExceeded(in: context)
        self.allowed = context.counter(Self.decisions, context.route, "allowed")
        self.limited = context.counter(
            Self.decisions,
            context.route,
            self.isShadow ? "shadow_limited" : "limited"
        )
    }

    public func request(_ exchange: Exchange) -> Decision {
        if !self.exempt.isEmpty, let ip = exchange.clientAddress.ip, self.exempt.grant(ip) {
            return .next
        }
        let key = self.identity.key(of: exchange)
        guard let store = self.store else {
            return self.conclude(self.count(key, exchange, at: self.limiters.time(at: exchange.now)), exchange)
        }
        return self.ask(store, key, exchange)
    }

    public func response(_ exchange: Exchange) -> Decision {
        guard let decision = exchange[self.standing] else { return .next }
        self.fields.makeRoom(in: &exchange.response.headers)
        self.fields.write(decision, into: &exchange.response.headers)
        return .next
    }

    // MARK: Deciding

    private func count(_ key: RateLimitKey, _ exchange: Exchange, at now: UInt64) -> RateLimitDecision {
        self.memory.take(key, by: self.rule, at: now)
            ?? self.memory.takeShared(self.identity.sharedKey(of: exchange), by: self.rule, at: now)
    }

    private func ask(_ store: any RateLimitStore, _ key: RateLimitKey, _ exchange: Exchange) -> Decision {
        // The memory follows the store, so it also says when there are too many keys.
        let hasRoom = self.memory.hasRoom(for: key, at: self.limiters.sharedTime(at: exchange.now))
        let asked = hasRoom ? key : self.identity.sharedKey(of: exchange)
        let resumption = exchange.resumption()
        let beganAt = exchange.now
        let error = store.take(asked) { result in
            if case .success(let count) = result {
                self.limiters.follow(sharedTime: count.now, at: self.worker.now)
                if hasRoom { self.memory.follow(count, of: key, by: self.rule) }
            }
            resumption.resumeNow { exchange in
                switch result {
                case .success(let count):
                    exchange.recordCall(.rateLimit, since: beganAt)
                    return self.conclude(self.rule.decision(count), exchange)
                case .failure(let error):
                    exchange.recordCall(.rateLimit, since: beganAt, failure: "unavailable")
                    return self.decide(key, exchange, without: error)
                }
            }
        }
        return error.map { self.decide(key, exchange, without: $0) } ?? .suspend
    }

    private func decide(_ key: RateLimitKey, _ exchange: Exchange, without error: RateLimitStoreError) -> Decision {
        switch self.failure {
        case .local:
            let now = self.limiters.sharedTime(at: exchange.now)
            return self.conclude(self.count(key, exchange, at: now), exchange)
        case .open: return .next
        case .closed:
            // Shadow mode rejects nothing.
            guard !self.isShadow else { return .next }
            let detail = "Requests cannot be counted now."
            return .fail(GatewayError(.overloaded, detail: detail, retryAfter: 1, reason: error.reason))
        }
    }

    private func conclude(_ decision: RateLimitDecision, _ exchange: Exchange) -> Decision {
        if decision.isAllowed {
            self.allowed.add()
            exchange[Self.verdict] = "allowed"
        } else {
            self.limited.add()
            exchange[Self.verdict] = self.isShadow ? "shadow_limited" : "limited"
            if !self.isShadow {
                exchange.caller?.consumer.countLimited()
                self.exceeded.occurred(exchange)
                return self.refusals.refusal(for: decision)
            }
        }
        if !self.isShadow, !self.fields.isEmpty { exchange[self.standing] = decision }
        return .next
    }

    // MARK: Building

    /// Created once, by the first event loop, which also reports the number of keys.
    private static func limiters(in context: BuildContext) -> RateLimiters {
        context.lasting("limiters") {
            let limiters = RateLimiters(unixMilliseconds: Platform.unixMilliseconds(), at: .now())
            let keys = context.gauge(Self.trackedKeys)
            context.worker.meters.addSampler { keys.set(Double(limiters.keys)) }
            return limiters
        }
    }

    /// The store of the worker that gateways share; nil if counts are kept in memory.
    private static func store(
        of config: Config,
        _ rule: RateLimitRule,
        _ limiter: String,
        in context: BuildContext
    ) -> (any RateLimitStore)? {
        guard config.store == .redis else { return nil }
        let prefix = context.redis.prefix
        return RedisRateLimitStore(context.redisClient(), prefix: prefix, limiter: limiter, rule: rule)
    }

    /// Which routes share the counts.
    private static func scope(of config: Config, in context: inout BuildContext) -> String {
        guard config.scope == .policy, context.route != MetricLabel.noRoute else { return "route \(context.route)" }
        if let policy = context.settings?.policy { return "policy \(policy)" }
        context.fail(
            "no policy gives the route \"\(context.route)\" its limit",
            suggestion:
                "write \"route\", or move the limit to [policies.NAME.rate_limit] and list NAME in the route's policies",
            at: "scope"
        )
        return "route \(context.route)"
    }
}
