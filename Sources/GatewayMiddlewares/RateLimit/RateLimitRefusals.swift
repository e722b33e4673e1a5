import GatewayCore
import GatewaySettings

/// Caches the errors of rejected requests. Clients over the limit send more requests within the same second, which get
/// the same error; creating it each time was two thirds of their cost.
final class RateLimitRefusals {
    private let rates: [Rate]
    private let status: Int
    private let fields: RateLimitFields
    private var last: (decision: RateLimitDecision, refusal: Decision)?

    init(_ rates: [Rate], status: Int, _ fields: RateLimitFields) {
        self.rates = rates
        self.status = status
        self.fields = fields
    }

    package func refusal(for decision: RateLimitDecision) -> Decision {
        if let last = self.last, last.decision == decision { return last.refusal }
        let refusal = Decision.fail(self.error(decision))
        self.last = (decision, refusal)
        return refusal
    }

    private func error(_ decision: RateLimitDecision) -> GatewayError {
        let rate = self.rates[min(Int(decision.limiting), self.rates.count - 1)]
        let seconds = max(1, Int(decision.retryAfter))
        var error = GatewayError(
            .rateLimited,
            detail: "The limit of \(Plural.of(rate.count, "request")) per \(rate.unit.rawValue) is used up. "
                + "Try again in \(Plural.of(seconds, "second")).",
            retryAfter: seconds
        )
        error.status = self.status
        error.fields = self.fields.fields(decision)
        return error
    }
}

@available(*, unavailable)
extension RateLimitRefusals: Sendable {}
