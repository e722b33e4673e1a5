import GatewayCore
import GatewaySettings

/// The checks of limits that depend on who calls.
extension RateLimitMiddleware.Config {
    /// Checks `limit = "plan"`.
    func checkPlans(in context: inout BuildContext) {
        self.checkNumbers(in: &context)
        guard !context.plans.isEmpty else {
            return context.fail(
                "there is no plan",
                suggestion: "add [plans.anonymous] and [plans.authenticated] with a rate_limit, or write \"60/minute\"",
                at: "limit"
            )
        }
        for (name, plan) in context.plans.sorted(by: { $0.key < $1.key }) {
            guard let rates = plan.rateLimit else { continue }
            self.limited(to: rates).checkBurst(of: "plan \(JSONText.quoted(name))", in: &context)
        }
        if self.key != KeySource(.clientIP) {
            context.warn(.noEffect, "plans count by consumer, so key has no effect", suggestion: "remove it", at: "key")
        }
        if self.scope == .policy {
            context.warn(
                .noEffect,
                "plans count over all routes, so scope has no effect",
                suggestion: "remove it",
                at: "scope"
            )
        }
        self.warnOfUnlimited(in: &context)
    }

    /// Warns about callers that the plans leave out.
    private func warnOfUnlimited(in context: inout BuildContext) {
        guard let auth = AuthMiddleware.Config.ofRoute(in: context), context.route != MetricLabel.noRoute else {
            return
        }
        let isOpen = auth.any.isEmpty || auth.optional || auth.mode == .shadow
        if isOpen, context.plans[CallerLimits.anonymousPlan] == nil {
            context.warn(
                .unknownName,
                "callers without a credential are not limited, because there is no plan \"anonymous\"",
                suggestion: "add [plans.anonymous]",
                at: "limit"
            )
        }
        if !auth.any.isEmpty, context.plans[Caller.usualPlan] == nil {
            context.warn(
                .unknownName,
                "callers without a plan are not limited, because there is no plan \"authenticated\"",
                suggestion: "add [plans.authenticated]",
                at: "limit"
            )
        }
    }

    /// Checks that the route asks for the credential that the key is made of.
    func checkCredentials(in context: inout BuildContext) {
        guard self.limit != .plan, let needed = self.key.credentials,
            let auth = AuthMiddleware.Config.ofRoute(in: context), context.route != MetricLabel.noRoute
        else { return }
        if auth.any.isEmpty {
            context.fail(
                "the route asks for no credential, so the key would always be the client's address",
                suggestion: "write \"client_ip\", or add [routes.auth]",
                at: "key"
            )
        } else if let kind = needed.first(where: { !auth.any.contains($0) }) {
            context.fail(
                "the route does not accept \(JSONText.quoted(kind)), so the key would always be the client's address",
                suggestion: "write \"consumer\", or add \(JSONText.quoted(kind)) to auth.any",
                at: "key"
            )
        }
    }
}
