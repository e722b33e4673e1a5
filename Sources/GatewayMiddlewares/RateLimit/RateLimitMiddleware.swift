public import GatewayCore
import GatewayHTTP
import GatewaySettings
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
    static let decisions = MetricDescription(
        "gateway_rate_limit_decisions_total",
        .counter,
        help: "Decisions of the rate limiter: allowed, limited, shadow_limited.",
        labels: ["route", "decision"]
    )
    static let trackedKeys = MetricDescription(
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
    private let failure: RateLimitFailure
    private let exempt: [CIDR]
    private let isShadow: Bool
    private let fields: RateLimitFields
    private let refusals: RateLimitRefusals
    private let standing: ExchangeKey<RateLimitDecision?>
    private let worker: Worker
    private let allowed: Counter
    private let limited: Counter

    public init(_ config: Config, in context: inout BuildContext) {
        self.init(config, in: &context, store: nil)
    }

    /// - Parameter store: counts instead of the memory.
    package init(
        _ config: Config,
        in context: inout BuildContext,
        store: (any RateLimitStore)?,
        failure: RateLimitFailure = .local
    ) {
        config.check(in: &context)
        self.rule = config.rule
        self.limiters = Self.limiters(in: context)
        // Counts survive a change of the limit, but not a change of their meaning.
        let kind = config.algorithm.rawValue + config.limit.rates.map { "/" + $0.unit.rawValue }.joined()
        self.limiter = "\(Self.scope(of: config, in: &context)) \(kind)"
        self.memory = self.limiters.store(
            named: self.limiter,
            capacity: config.maxKeys,
            width: self.rule.windows.count
        )
        self.store = store
        self.failure = failure
        self.identity = RateLimitIdentity(
            config.key,
            ipv6Prefix: config.ipv6Prefix,
            seed: store?.seed ?? self.limiters.seed
        )
        self.exempt = config.exempt
        self.isShadow = config.mode == .shadow
        self.fields = RateLimitFields(
            name: context.route,
            rates: config.limit.rates,
            capacities: config.capacities,
            selection: config.headers
        )
        self.refusals = RateLimitRefusals(config.limit.rates, status: config.status, self.fields)
        self.standing = context.key(nil)
        self.worker = context.worker
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
        guard let store = self.store else { return self.conclude(self.count(key, exchange), exchange) }
        let resumption = exchange.resumption()
        let middleware = NIOLoopBound(self, eventLoop: self.worker.eventLoop)
        store.take(key, of: self.limiter, by: self.rule) { result in
            resumption.resume { middleware.value.conclude(result, key, $0) }
        }
        return .suspend
    }

    public func response(_ exchange: Exchange) -> Decision {
        guard let decision = exchange[self.standing] else { return .next }
        self.fields.makeRoom(in: &exchange.response.headers)
        self.fields.write(decision, into: &exchange.response.headers)
        return .next
    }

    // MARK: Deciding

    private func count(_ key: RateLimitKey, _ exchange: Exchange) -> RateLimitDecision {
        let now = self.limiters.time(at: exchange.now)
        return self.memory.take(key, by: self.rule, at: now)
            ?? self.memory.takeShared(self.identity.sharedKey(of: exchange), by: self.rule, at: now)
    }

    private func conclude(
        _ result: Result<RateLimitDecision, RateLimitStoreError>,
        _ key: RateLimitKey,
        _ exchange: Exchange
    ) -> Decision {
        switch (result, self.failure) {
        case (.success(let decision), _): return self.conclude(decision, exchange)
        case (.failure, .local): return self.conclude(self.count(key, exchange), exchange)
        case (.failure, .open): return .next
        case (.failure(let error), .closed):
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
            if !self.isShadow { return self.refusals.refusal(for: decision) }
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
