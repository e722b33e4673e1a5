import GatewayCore
import GatewayHTTP
import GatewaySettings

/// The rate limit of routes where it depends on who calls: with `limit = "plan"`, or a key such as `api_key`. It runs after
/// `auth`, and has the table of ``RateLimitMiddleware``, which counts everything else before it.
///
/// ```toml
/// [routes.rate_limit]
/// limit = "plan"
///
/// [plans.anonymous]
/// rate_limit = "60/minute"
/// ```
struct CallerRateLimitMiddleware: RequestHook, ResponseHook, CompletionHook {
    typealias Config = RateLimitMiddleware.Config

    static let name = RateLimitMiddleware.name

    private let limits: CallerLimits
    private let inFlight: CallersInFlight
    private let identity: RateLimitIdentity
    private let exempt: [CIDR]
    private let isShadow: Bool
    private let refusal: Decision
    private let limited: Counter
    private let exceeded: RateLimitExceeded
    /// Where the request counts as long as it is in flight.
    private let slot: ExchangeKey<CallersInFlight.Slot?>

    init(_ config: Config, in context: inout BuildContext) {
        self.limits =
            config.limit == .plan ? CallerLimits(plansOf: config, in: &context) : CallerLimits(config, in: &context)
        self.inFlight = context.lasting("in_flight") { CallersInFlight() }
        self.identity = RateLimitIdentity(
            KeySource(.consumer),
            ipv6Prefix: config.ipv6Prefix,
            seed: self.inFlight.seed
        )
        self.exempt = config.exempt
        self.isShadow = config.mode == .shadow
        self.refusal = Self.refusal(status: config.status)
        self.limited = context.counter(
            RateLimitMiddleware.decisions,
            context.route,
            self.isShadow ? "shadow_limited" : "limited"
        )
        self.exceeded = RateLimitExceeded(in: context)
        self.slot = context.key(nil)
        config.checkCredentials(in: &context)
    }

    private static func refusal(status: Int) -> Decision {
        var error = GatewayError(
            .rateLimited,
            detail: "Too many requests are in flight. Try again when one of them has ended.",
            retryAfter: 1
        )
        error.status = status
        return .fail(error)
    }

    func request(_ exchange: Exchange) -> Decision {
        if !self.exempt.isEmpty, let ip = exchange.clientAddress.ip, self.exempt.grant(ip) { return .next }
        guard let limit = self.limits.limit(of: exchange.caller) else { return .next }
        // First, because a request that is refused uses no quota.
        if limit.maxInFlight > 0, !self.enter(exchange, limit.maxInFlight) {
            self.limited.add()
            exchange[RateLimitMiddleware.verdict] = self.isShadow ? "shadow_limited" : "limited"
            guard !self.isShadow else { return .next }
            exchange.caller?.consumer.countLimited()
            self.exceeded.occurred(exchange)
            return self.refusal
        }
        return limit.rates?.request(exchange) ?? .next
    }

    func response(_ exchange: Exchange) -> Decision {
        self.limits.limit(of: exchange.caller)?.rates?.response(exchange) ?? .next
    }

    func complete(_ exchange: Exchange, _ outcome: Outcome) {
        guard let slot = exchange[self.slot] else { return }
        exchange[self.slot] = nil
        self.inFlight.leave(slot)
    }

    private func enter(_ exchange: Exchange, _ limit: Int) -> Bool {
        // Nothing counts twice, whoever sends the request down again.
        guard exchange[self.slot] == nil else { return true }
        let slot: CallersInFlight.Slot
        // Consumers that are not counted one by one share an object, but no limit. A caller without a name has an address.
        if let consumer = exchange.caller?.consumer, consumer.name == exchange.callerName() {
            slot = .consumer(consumer)
        } else {
            slot = .key(self.identity.key(of: exchange))
        }
        guard self.inFlight.enter(slot, limit: limit) else { return false }
        exchange[self.slot] = slot
        return true
    }
}
