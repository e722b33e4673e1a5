public import GatewayCore
import NIOCore

/// Limits the number of concurrent requests of a route, exact across event loops, and rejects further ones with 503.
///
/// ```toml
/// [routes.concurrency]
/// max_in_flight = 200
/// adaptive = true
/// ```
///
/// Requests over the limit are not queued. A request counts until its last byte was sent or its client left.
public struct ConcurrencyMiddleware: RequestHook, ResponseHook, CompletionHook {
    public struct Config: Codable, Sendable {
        /// Maximum number of concurrent requests per route, at least 1.
        public var maxInFlight = 200
        /// Lowers the limit when the latency of the upstream grows with the number of requests.
        public var adaptive = false

        public init() {}
    }

    public static let name = "concurrency"

    private let limit: InFlightLimit
    private let maximum: Int
    private let isAdaptive: Bool
    /// When the request was counted; nil if it does not count, or no longer.
    private let entered: ExchangeKey<NIODeadline?>

    public init(_ config: Config, in context: inout BuildContext) {
        if config.maxInFlight < 1 {
            context.fail(
                "\(config.maxInFlight) is too small",
                suggestion: "write 1 or more",
                at: "max_in_flight"
            )
        }
        self.limit = context.shared(context.route) { InFlightLimit() }
        self.maximum = max(1, config.maxInFlight)
        self.isAdaptive = config.adaptive
        self.entered = context.key(nil)
    }

    public func request(_ exchange: Exchange) -> Decision {
        let limit = self.isAdaptive ? self.limit.limit(adaptiveUpTo: self.maximum) : self.maximum
        guard self.limit.enter(limit: limit) else {
            return .fail(
                GatewayError(
                    .overloaded,
                    detail: "Too many requests are in flight. Try again in 1 second.",
                    retryAfter: 1,
                    reason: "concurrency: the route has reached its limit of \(limit)"
                )
            )
        }
        exchange[self.entered] = exchange.now
        return .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        guard self.isAdaptive, let entered = exchange[self.entered] else { return .next }
        let now = exchange.now
        switch exchange.origin {
        case .upstream:
            let latency = UInt64(clamping: (now - entered).nanoseconds)
            self.limit.observe(.latency(latency), upTo: self.maximum, at: now)
        case .gateway where Self.isTimeout(exchange.errorCode):
            self.limit.observe(.timeout, upTo: self.maximum, at: now)
        // Responses that the gateway generates say nothing about the upstream.
        case .gateway, .local: break
        }
        return .next
    }

    public func complete(_ exchange: Exchange, _ outcome: Outcome) {
        guard exchange[self.entered] != nil else { return }
        exchange[self.entered] = nil
        self.limit.leave()
    }

    private static func isTimeout(_ code: GatewayError.Code?) -> Bool {
        code == .upstreamTimeout || code == .connectTimeout || code == .deadlineExceeded
    }
}
