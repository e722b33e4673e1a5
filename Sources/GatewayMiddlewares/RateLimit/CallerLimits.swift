import GatewayCore
import GatewaySettings

/// The limits of callers on one route: those of their plans, or one for all.
struct CallerLimits {
    private let plans: [CallerLimit]
    private let anonymous: CallerLimit?
    private let authenticated: CallerLimit?

    /// One limit for all, whose key depends on who calls.
    init(_ config: RateLimitMiddleware.Config, in context: inout BuildContext) {
        let limit = CallerLimit(rates: RateLimitMiddleware(config, in: &context))
        self.plans = []
        self.anonymous = limit
        self.authenticated = limit
    }

    /// The limits of all plans.
    init(plansOf config: RateLimitMiddleware.Config, in context: inout BuildContext) {
        config.checkPlans(in: &context)
        self.plans = context.plans.sorted { $0.key < $1.key }.map { name, plan in
            CallerLimit(
                plan: name,
                rates: plan.rateLimit.map { RateLimitMiddleware(config, plan: name, $0, in: context) },
                maxInFlight: plan.maxInFlight
            )
        }
        self.anonymous = self.plans.first { $0.plan == Self.anonymousPlan }
        self.authenticated = self.plans.first { $0.plan == Caller.usualPlan }
    }

    static let anonymousPlan = "anonymous"

    /// Returns nil for a caller that is not limited. A plan that there is not is the usual one.
    func limit(of caller: Caller?) -> CallerLimit? {
        guard let caller else { return self.anonymous }
        guard let plan = caller.plan else { return self.authenticated }
        return self.plans.first { $0.plan == plan } ?? self.authenticated
    }
}

/// What the callers of one plan may use. A class, because a copy of the limit would retain each of its references.
final class CallerLimit {
    let plan: String
    let rates: RateLimitMiddleware?
    /// 0: any number.
    let maxInFlight: Int

    init(plan: String = "", rates: RateLimitMiddleware?, maxInFlight: Int = 0) {
        self.plan = plan
        self.rates = rates
        self.maxInFlight = maxInFlight
    }
}

@available(*, unavailable)
extension CallerLimit: Sendable {}
