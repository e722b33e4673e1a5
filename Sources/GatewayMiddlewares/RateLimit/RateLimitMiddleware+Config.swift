package import GatewayCore
public import GatewaySettings

extension RateLimitMiddleware {
    public struct Config: Codable, Sendable {
        /// Number of requests per unit of time. All rates of a list apply at once. `"plan"`: those of the caller's plan.
        public var limit = RequestLimit.rates(Rates(Rate(60, per: .minute)))
        /// For `token_bucket`: how many requests may arrive at once. `"auto"` is the limit. With several rates it
        /// applies to the one with the shortest window. The limit fields report it as the limit.
        public var burst = AutomaticCount.auto
        /// `sliding_window` estimates from two counters and never exceeds the limit within one second, minute, hour or
        /// day of the clock (UTC). `token_bucket` is exact (GCRA) and spaces requests evenly once the burst is used up.
        public var algorithm = Algorithm.slidingWindow
        /// What identifies a client. If the header, cookie or credential is missing, the client's address is used.
        public var key = KeySource(.clientIP)
        /// Prefix length by which IPv6 clients are grouped, 1 to 128.
        public var ipv6Prefix = 64
        /// Keys that are tracked at once, at least 1. When they are all in use, new ones share a bucket for each IPv4 /24 or
        /// IPv6 /48 of the client, whatever the key is.
        public var maxKeys = 100_000
        /// Where counts are kept: `redis` shares them with all gateways that use the same server and prefix.
        public var store = Store.memory
        /// `shadow` counts and logs, but rejects nothing and sends no limit fields.
        public var mode = Mode.enforce
        /// `policy`: routes that get the limit from the same policy share its counts.
        public var scope = Scope.route
        /// Status of rejected requests, 400 to 599.
        public var status = 429
        /// Limit fields of responses. `ietf`: `RateLimit` and `RateLimit-Policy`. `legacy`: `X-RateLimit-Limit`,
        /// `-Remaining` and `-Reset` (seconds from now).
        public var headers = Fields.both
        /// Quota that one request uses.
        public var cost = 1
        /// Networks whose clients are not limited.
        public var exempt: [CIDR] = []

        public init() {}
    }

    public enum Fields: String, SettingChoice {
        case both, ietf, legacy, none

        var hasIETF: Bool { self == .both || self == .ietf }
        var hasLegacy: Bool { self == .both || self == .legacy }
    }

    public enum Algorithm: String, SettingChoice {
        case slidingWindow = "sliding_window"
        case tokenBucket = "token_bucket"
    }

    public enum Mode: String, SettingChoice {
        case enforce, shadow
    }

    public enum Scope: String, SettingChoice {
        case route, policy
    }

    public enum Store: String, SettingChoice {
        case memory
        /// All gateways with the same `redis.prefix` share the counts.
        case redis
    }
}

extension RateLimitMiddleware.Config {
    /// Whether the limit can only be counted when it is known who calls.
    var dependsOnCaller: Bool { self.limit == .plan || self.key.credentials != nil }

    /// The rates that apply to everybody. Those of plans replace them: see ``limited(to:)``.
    var rates: [Rate] {
        if case .rates(let rates) = self.limit { return rates.rates }
        return RateLimitMiddleware.Config().rates
    }

    /// The settings for callers of one plan.
    func limited(to rates: Rates) -> Self {
        var config = self
        config.limit = .rates(rates)
        config.key = KeySource(.consumer)
        return config
    }

    /// Checks settings that depend on each other.
    package func check(in context: inout BuildContext) {
        let most = Int(GenericCellRate.maximum)
        for rate in self.rates where rate.count > most {
            context.fail(
                "\"\(rate)\" is more than can be counted",
                suggestion: "write \"\(most)/\(rate.unit.rawValue)\" or less",
                at: "limit"
            )
        }
        self.checkBurst(of: "the limit", in: &context)
        self.checkNumbers(in: &context)
    }

    /// Checks the settings that must suit the rates.
    ///
    /// - Parameter name: Names the limit in errors.
    func checkBurst(of name: String, in context: inout BuildContext) {
        if let burst = self.burst.number {
            self.check(burst, in: &context)
        }
        let least = self.capacities.min() ?? 1
        if self.cost > least {
            context.fail(
                "a request that costs \(self.cost) never passes, since \(name) allows \(least)",
                suggestion: "write \(least) or less",
                at: "cost"
            )
        }
    }

    func checkNumbers(in context: inout BuildContext) {
        if self.cost < 1 { context.fail("\(self.cost) is too small", suggestion: "write 1 or more", at: "cost") }
        if !(1...128).contains(self.ipv6Prefix) {
            let suggestion = "write 64, or another number from 1 to 128"
            context.fail(
                "\(self.ipv6Prefix) is not the length of an IPv6 prefix",
                suggestion: suggestion,
                at: "ipv6_prefix"
            )
        }
        if !(1...100_000_000).contains(self.maxKeys) {
            let suggestion = "write 100000, or another number from 1 to 100000000"
            context.fail("\(self.maxKeys) is out of range", suggestion: suggestion, at: "max_keys")
        }
        if !(400...599).contains(self.status) {
            let suggestion = "write 429, or another status from 400 to 599"
            context.fail("\(self.status) is not an error status", suggestion: suggestion, at: "status")
        }
    }

    private func check(_ burst: Int, in context: inout BuildContext) {
        guard self.algorithm == .tokenBucket else {
            return context.fail(
                "a sliding window has no burst",
                suggestion: "remove it, or set algorithm = \"token_bucket\"",
                at: "burst"
            )
        }
        let rate = self.rates[0]
        let most = UInt64(GenericCellRate.longestFill)
            .scaled(by: UInt64(max(0, rate.count)), over: UInt64(max(1, rate.unit.span.nanoseconds))).quotient
        if burst > min(Int(clamping: most), Int(GenericCellRate.maximum)) {
            context.fail(
                "a burst of \(burst) takes more than ten years to refill at \(rate)",
                suggestion: "write \(rate.count), or another smaller number",
                at: "burst"
            )
        }
    }

    /// The burst of each window.
    var capacities: [Int] {
        self.rates.enumerated().map { index, rate in
            guard index == 0, self.algorithm == .tokenBucket else { return rate.count }
            return self.burst.number ?? rate.count
        }
    }

    /// The windows to count in.
    package var rule: RateLimitRule {
        RateLimitRule(
            zip(self.rates, self.capacities).map { rate, capacity in
                let limit = UInt64(max(1, rate.count))
                let period = UInt64(max(1, rate.unit.span.nanoseconds))
                let cost = UInt64(max(1, self.cost))
                switch self.algorithm {
                case .slidingWindow: return .sliding(SlidingWindow(limit: limit, period: period, cost: cost))
                case .tokenBucket:
                    let burst = UInt64(max(1, capacity))
                    return .cellRate(GenericCellRate(limit: limit, period: period, burst: burst, cost: cost))
                }
            }
        )
    }
}
