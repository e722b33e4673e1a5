public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import NIOCore

/// Tries failed requests again.
///
/// ```toml
/// [middleware.retry]
/// attempts = 2
/// on = ["connect", "reset", "502", "503", "504"]
/// per_try = "5s"
/// ```
///
/// Only before the client has received a byte of the response, and only within `timeout.total`. The gateway's own errors,
/// such as those of a limit, are not retried, nor are malformed responses. Failover to another target and the replacement
/// of a stale connection happen regardless, and are not counted here.
public struct RetryMiddleware: RequestHook, ResponseHook, FailureHook {
    public struct Config: Codable, Sendable {
        /// Maximum number of further tries.
        public var attempts = 2
        /// What is retried: `connect` (no connection), `reset` (it ended before a response), `timeout` (`first_byte`), and
        /// statuses of the upstream such as `503` or `502-504`.
        public var on: [RetryCondition] = [
            .connect, .reset, .status(502...502), .status(503...503), .status(504...504),
        ]
        /// Methods that may be sent twice. Others may only if they carry `Idempotency-Key`, or if nothing was sent.
        public var methods = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]
        /// The first wait is random up to this, and the limit doubles with each further one. `Retry-After` of a target that
        /// is tried again takes precedence.
        public var backoff = TimeSpan.milliseconds(25)
        /// Maximum wait. A longer `Retry-After` ends the tries.
        public var maxBackoff = TimeSpan.seconds(1)
        /// Retries of an upstream, as a share of its requests in the last ten seconds. Three per second are always allowed.
        public var budget = 0.2
        /// How much of a request body is kept for another try. Requests with a larger one get no other try once it has begun
        /// to flow.
        public var buffer = ByteCount.kibibytes(64)
        /// Time from the beginning of a try to the head of the response; `0s` for none. A late response is always retried.
        public var perTry = TimeSpan.zero

        public init() {}
    }

    public static let name = "retry"

    private static let idempotencyKey = HeaderName("Idempotency-Key")

    private let attempts: Int
    private let conditions: RetryConditions
    private let methods: MethodSet
    private let backoff: RetryBackoff
    private let budget: Double
    private let buffer: Int
    private let perTry: TimeAmount?
    /// Until when a target that was tried asked to wait.
    private let notBefore: ExchangeKey<NIODeadline?>

    public init(_ config: Config, in context: inout BuildContext) {
        self.attempts = config.attempts
        self.conditions = RetryConditions(config.on)
        self.methods = MethodSet(config.methods)
        self.backoff = RetryBackoff(base: TimeAmount(config.backoff), maximum: TimeAmount(config.maxBackoff))
        self.budget = config.budget
        self.buffer = config.buffer.bytes
        self.perTry = config.perTry > .zero ? TimeAmount(config.perTry) : nil
        self.notBefore = context.key(nil)
        Self.check(config, in: &context)
    }

    private static func check(_ config: Config, in context: inout BuildContext) {
        if !(0...100).contains(config.attempts) {
            let suggestion = "write \(config.attempts < 0 ? 0 : 100), or another number from 0 to 100"
            context.fail("\(config.attempts) is not between 0 and 100", suggestion: suggestion, at: "attempts")
        }
        if !(0...100).contains(config.budget) {
            context.fail(
                "\(config.budget) is not between 0 and 100",
                suggestion: "write 0.2 to allow one retry for every five requests",
                at: "budget"
            )
        }
        for (index, method) in config.methods.enumerated() {
            let known = Method.allCases.map { "\($0.name)" }.first { $0 == method.uppercased() && $0 != method }
            if known == nil, ByteClass.isToken(method.utf8) { continue }
            context.fail(
                "\"\(method)\" is not a method",
                suggestion: "write \"\(known ?? "GET")\"",
                at: "methods",
                String(index)
            )
        }
        if config.maxBackoff < config.backoff {
            context.warn(
                "max_backoff is shorter than backoff, which it limits",
                suggestion: "write \(config.backoff.settingValue.quoted) or more",
                at: "max_backoff"
            )
        }
    }

    // MARK: Hooks

    public func request(_ exchange: Exchange) -> Decision {
        exchange.deadlines.perTry = self.perTry
        if !exchange.request.framing.isEmpty, self.isKept(exchange) { exchange.keepRequestBody(upTo: self.buffer) }
        return .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        guard exchange.origin == .upstream else { return .next }
        self.count(exchange)
        if self.conditions.contains(status: exchange.response.status) {
            self.readRetryAfter(exchange)
            if let delay = self.delay(exchange, because: "\(exchange.response.status)") { return .retry(after: delay) }
        }
        exchange.dropRequestBody()
        return .next
    }

    public func failure(_ error: GatewayError, _ exchange: Exchange) -> Decision {
        // After the head of a response, the response is cut short or an error.
        guard exchange.upstreamCall.answerBeganAt == nil, error.failure != nil else { return .next }
        self.count(exchange)
        guard let reason = self.reason(of: error, exchange) else { return .next }
        return self.delay(exchange, because: reason).map { .retry(after: $0) } ?? .next
    }

    // MARK: Requests

    /// Counts a request for the budget, when its first try ends.
    private func count(_ exchange: Exchange) {
        guard exchange.upstreamCall.retries == 0 else { return }
        exchange.chosenUpstream?.retryBudget?.countRequest(at: exchange.now)
    }

    /// Whether to keep the start of a body. If it exceeds the buffer, keeping a part is of no use.
    private func isKept(_ exchange: Exchange) -> Bool {
        if case .length(let length) = exchange.request.framing, length > self.buffer { return false }
        return self.attempts > 0 && self.isRepeatable(exchange)
    }

    /// Whether an upstream may receive the request twice (RFC 9110 section 9.2.2).
    private func isRepeatable(_ exchange: Exchange) -> Bool {
        let isListed = exchange.request.headers.withBytes(exchange.request.methodName) { method in
            !self.methods.isAny && self.methods.verdict(on: MethodSet.Candidate(method)) == .takes
        }
        return isListed || exchange.request.headers.first(Self.idempotencyKey).map { !$0.isEmpty } ?? false
    }

    // MARK: Tries

    /// Returns why a request failed, as a word of `on`, or nil if it is not tried again for that.
    private func reason(of error: GatewayError, _ exchange: Exchange) -> String? {
        switch error.code {
        case .upstreamUnreachable, .connectTimeout: self.conditions.connect ? "connect" : nil
        case .upstreamReset: self.conditions.reset ? "reset" : nil
        case .upstreamTimeout:
            self.conditions.timeout || exchange.deadlines.isTryOver(at: exchange.now) ? "timeout" : nil
        default: nil
        }
    }

    /// Returns how long to wait before the next try, or nil if there is none.
    private func delay(_ exchange: Exchange, because reason: String) -> TimeAmount? {
        let call = exchange.upstreamCall
        guard call.retries < self.attempts, !call.mayHaveArrived || self.isRepeatable(exchange),
            exchange.canBeSentAgain, let upstream = exchange.chosenUpstream, let budget = upstream.retryBudget
        else { return nil }
        let destination = upstream.retryDestination(of: exchange)
        guard destination != .none else { return nil }
        var delay = self.backoff.delay(after: call.retries, random: exchange.worker.random.next())
        if destination == .tried, let notBefore = exchange[self.notBefore] {
            delay = max(.zero, notBefore - exchange.now)
            guard delay <= self.backoff.maximum else { return nil }
        }
        guard exchange.now + delay < exchange.deadlines.end else { return nil }
        let isAllowed = budget.takeRetry(at: exchange.now, share: self.budget)
        exchange.worker.meters.counter(
            TargetMeters.retries,
            [upstream.name, isAllowed ? reason : "budget_exhausted"]
        ).add()
        return isAllowed ? delay : nil
    }

    private func readRetryAfter(_ exchange: Exchange) {
        guard let value = exchange.response.headers.first(.retryAfter) else { return }
        let now = exchange.unixMilliseconds / 1000
        let seconds = exchange.response.headers.withBytes(value) { RetryAfter.seconds($0, now: now) }
        guard let seconds else { return }
        let until = exchange.now + .seconds(seconds)
        exchange[self.notBefore] = max(exchange[self.notBefore] ?? until, until)
    }
}
