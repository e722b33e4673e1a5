public import GatewayCore
import GatewayHTTP
import GatewaySettings

/// Lets only requests pass that have a right credential.
///
/// ```toml
/// [routes.auth]
/// any = ["api_key", "jwt"]
/// require = { scope = "admin" }
/// ```
///
/// `[auth]` says what the credentials are. The kinds are asked in the order of `any`, and the first to accept counts. The
/// client never learns why a credential is wrong; the access log does.
public struct AuthMiddleware: RequestHook, ResponseHook {
    public static let name = "auth"
    /// What was decided about a request, for the access log.
    package static let verdict = ExchangeKey<AuthVerdict?>("auth.verdict", initial: nil)

    private let kinds: [Kind]
    private let isOptional: Bool
    private let isShadow: Bool
    private let requirements: AuthRequirements
    private let challenges: AuthChallenges
    private let failures: AuthFailures?
    private let meters: AuthMeters
    let consumers: ConsumerMeters
    private let identityFields: [HeaderName]
    private let registry: Consumers
    /// The result that a request waits for.
    let pending: ExchangeKey<PendingAuthentication?>
    private let failed: PacedEvent
    private let worker: Worker
    private let credentialFailures: CredentialFailures

    /// A kind of credential with its name.
    private struct Kind {
        let name: String
        let authenticator: any Authenticator
    }

    public init(_ config: Config, in context: inout BuildContext) {
        var kinds: [Kind] = []
        for (index, name) in config.any.enumerated() {
            guard let registration = context.authenticators.first(where: { $0.name == name }) else {
                let known = context.authenticators.map(\.name)
                context.fail(
                    "\(JSONText.quoted(name)) is no kind of credential",
                    suggestion:
                        "write \(NearestName.of(name, among: known).map(JSONText.quoted) ?? SettingWalker.list(known))",
                    at: "any",
                    String(index)
                )
                continue
            }
            kinds.append(Kind(name: name, authenticator: registration.make(&context)))
        }
        if config.any.isEmpty {
            context.fail(
                "names no kind of credential, so nobody could use the route",
                suggestion: "write any = [\"api_key\"], or auth = false for a route that all may use"
            )
        }
        self.kinds = kinds
        self.isOptional = config.optional
        self.isShadow = config.mode == .shadow
        self.requirements = AuthRequirements(config.require, in: &context)
        self.challenges = AuthChallenges(
            kinds.map(\.authenticator.challenge),
            realm: context.route,
            scope: self.requirements.scope
        )
        self.failures = AuthFailures(config.failures, in: context)
        self.meters = AuthMeters(kinds: kinds.map(\.name), isShadow: config.mode == .shadow, in: context)
        self.failed = context.shared("failed \(context.route)") {
            PacedEvent("auth.failed", topic: "routes.\(context.route)")
        }
        self.consumers = context.worker.consumerMeters
        self.worker = context.worker
        self.credentialFailures = context.credentialFailures
        self.pending = context.key(nil)
        self.registry = context.consumers
        self.identityFields = kinds.flatMap(\.authenticator.identityFields).map { HeaderName($0) }
        context.owned.own(request: self.identityFields)
    }

    public func request(_ exchange: Exchange) -> Decision {
        if let seconds = self.failures?.wait(exchange) {
            self.meters.count(.throttled, 0)
            let detail =
                "Too many wrong credentials came from this address. Try again in \(Plural.of(seconds, "second"))."
            let error = GatewayError(.rateLimited, detail: detail, retryAfter: seconds)
            // In shadow mode, who calls is found out all the same.
            if !self.isShadow { return self.refuse(exchange, AuthVerdict(reason: "throttled"), .fail(error)) }
        }
        return self.ask(exchange, from: 0, Findings())
    }

    public func response(_ exchange: Exchange) -> Decision {
        guard let caller = exchange.caller, let kind = self.kinds.first(where: { $0.name == caller.kind }) else {
            return .next
        }
        kind.authenticator.response(exchange)
        return .next
    }

    // MARK: Asking

    /// What the kinds that were asked so far said, if none accepted.
    private struct Findings {
        var wrong: (kind: Int, refusal: Authentication.Refusal)?
        var answer: (kind: Int, response: Response)?
        var unavailable: (kind: Int, retryAfter: Int, reason: StaticString)?
    }

    /// Asks the kinds from the given one on.
    private func ask(_ exchange: Exchange, from start: Int, _ found: Findings) -> Decision {
        var found = found
        for index in start..<self.kinds.count {
            var result = self.kinds[index].authenticator.authenticate(exchange)
            if case .pending(let pending) = result {
                guard let known = pending.result else { return self.wait(for: pending, of: index, exchange, found) }
                result = known
            }
            if let decision = self.note(result, of: index, exchange, &found) { return decision }
        }
        return self.conclude(exchange, found)
    }

    private func wait(
        for pending: PendingAuthentication,
        of index: Int,
        _ exchange: Exchange,
        _ found: Findings
    ) -> Decision {
        let resumption = exchange.resumption()
        let beganAt = exchange.now
        exchange[self.pending] = pending
        pending.whenComplete { result in
            resumption.resumeNow { exchange in
                var found = found
                if let span = pending.span {
                    exchange.recordCall(.auth, since: beganAt, failure: Self.failure(of: result), span: span)
                }
                return self.note(result, of: index, exchange, &found)
                    ?? self.ask(exchange, from: index + 1, found)
            }
        }
        return .suspend
    }

    /// What the span of a request to another service tells about it.
    private static func failure(of result: Authentication) -> String? {
        if case .unavailable = result { "unavailable" } else { nil }
    }

    /// Takes note of a result. Returns a decision if it settles the matter.
    private func note(
        _ result: Authentication,
        of index: Int,
        _ exchange: Exchange,
        _ found: inout Findings
    ) -> Decision? {
        switch result {
        case .missing: return nil
        case .accepted(let caller):
            if caller.consumer.isDisabled {
                self.noteWrong(Authentication.Refusal("disabled"), of: index, exchange, &found)
                return nil
            }
            return self.accept(caller, of: index, exchange)
        case .identified(let identity):
            let caller = Caller(
                self.registry.consumer(identity.consumer),
                name: identity.consumer,
                kind: self.kinds[index].name,
                plan: identity.plan,
                scope: identity.scope
            )
            return self.note(.accepted(caller), of: index, exchange, &found)
        case .refused(let refusal): self.noteWrong(refusal, of: index, exchange, &found)
        case .answered(let response): if found.answer == nil { found.answer = (index, response) }
        case .unavailable(let retryAfter, let reason):
            if found.unavailable == nil { found.unavailable = (index, retryAfter, reason) }
        case .malformed(let reason):
            self.meters.count(.invalid, index)
            if found.wrong == nil { self.failures?.count(exchange) }
            let error = GatewayError(.badRequest, detail: "The credential cannot be read: \(reason).")
            return self.refuse(exchange, AuthVerdict(kind: self.kinds[index].name, reason: reason), .fail(error))
        case .pending: return nil
        }
        return nil
    }

    /// Counts at once, since what follows must not hide a guess: another kind that accepts, that cannot tell, or that the
    /// client does not wait for.
    private func noteWrong(
        _ refusal: Authentication.Refusal,
        of index: Int,
        _ exchange: Exchange,
        _ found: inout Findings
    ) {
        guard found.wrong == nil else { return }
        found.wrong = (index, refusal)
        self.failures?.count(exchange)
    }

    // MARK: Deciding

    private func accept(_ caller: Caller, of index: Int, _ exchange: Exchange) -> Decision {
        let kind = self.kinds[index]
        exchange.caller = caller
        if case .lacking(let what) = self.requirements.check(caller) {
            self.meters.count(.forbidden, index)
            let verdict = AuthVerdict(kind: kind.name, reason: what)
            let decision = self.refuse(exchange, verdict, .fail(self.challenges.insufficient(index)))
            if case .next = decision { self.removeCredentials(exchange, acceptedBy: index) }
            return decision
        }
        self.meters.count(.accepted, index)
        exchange[Self.verdict] = AuthVerdict(kind: kind.name)
        self.removeIdentity(exchange)
        self.removeCredentials(exchange, acceptedBy: index)
        return .next
    }

    /// Removes what the upstream must not see, of the kinds that were not needed, too.
    private func removeCredentials(_ exchange: Exchange, acceptedBy accepted: Int) {
        for index in self.kinds.indices where index != accepted {
            self.kinds[index].authenticator.removeUnusedCredential(exchange)
        }
        self.kinds[accepted].authenticator.removeCredential(exchange)
    }

    /// Decides about a request that no kind accepted.
    private func conclude(_ exchange: Exchange, _ found: Findings) -> Decision {
        if let (index, retryAfter, reason) = found.unavailable {
            self.meters.count(.unavailable, index)
            let error = GatewayError(.authUnavailable, retryAfter: retryAfter, reason: "\(reason)")
            return self.refuse(exchange, AuthVerdict(kind: self.kinds[index].name, reason: reason), .fail(error))
        }
        if let (index, refusal) = found.wrong {
            self.meters.count(refusal.isExpired ? .expired : .invalid, index)
            self.tell(exchange, self.kinds[index].name, refusal.reason)
            let verdict = AuthVerdict(kind: self.kinds[index].name, reason: refusal.reason)
            return self.refuse(exchange, verdict, .fail(self.challenges.wrong(index)))
        }
        if let (index, response) = found.answer {
            self.meters.count(.invalid, index)
            return self.refuse(
                exchange,
                AuthVerdict(kind: self.kinds[index].name, reason: "refused"),
                .respond(response)
            )
        }
        self.meters.count(.missing, 0)
        if self.isOptional {
            self.removeIdentity(exchange)
            return .next
        }
        return self.refuse(exchange, AuthVerdict(reason: "missing"), .fail(self.challenges.missing))
    }

    /// Tells operators that a credential was wrong.
    private func tell(_ exchange: Exchange, _ kind: String, _ reason: StaticString) {
        self.failed.occurred(on: self.worker) {
            let address = String(decoding: exchange.clientAddress.text, as: UTF8.self)
            return ["route": .string(exchange.route), "address": .string(address)]
        }
        let requestID = exchange.requestIDRange
        self.credentialFailures.report(
            CredentialFailure(
                address: exchange.clientAddress,
                kind: kind,
                route: exchange.route,
                reason: "\(reason)",
                requestID: requestID.isEmpty ? nil : exchange.request.headers.string(requestID)
            )
        )
    }

    /// Refuses the request, or only takes note in shadow mode.
    private func refuse(_ exchange: Exchange, _ verdict: AuthVerdict, _ decision: Decision) -> Decision {
        var verdict = verdict
        verdict.isShadow = self.isShadow
        exchange[Self.verdict] = verdict
        guard self.isShadow else { return decision }
        self.removeIdentity(exchange)
        return .next
    }

    /// Removes what clients could pretend to be. The credentials have been looked at, which may be fields of these names.
    private func removeIdentity(_ exchange: Exchange) {
        for name in self.identityFields { exchange.request.headers.removeAll(spelledLike: name) }
    }
}
