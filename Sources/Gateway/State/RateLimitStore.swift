/// A place outside the process that counts for several gateways. What is counted in memory alone, a
/// ``MemoryRateLimitStore`` decides at once.
protocol RateLimitStore: Sendable {
    /// Keys are hashed with it. All gateways that share the store have to have the same one.
    var seed: SipHash.Seed { get }

    /// Decides by all windows of the rule at once, on the store's own clock.
    ///
    /// - Parameter done: called once, from any thread, within a time that a client may be kept waiting.
    func take(
        _ key: RateLimitKey,
        of limiter: String,
        by rule: RateLimitRule,
        _ done: @escaping @Sendable (Result<RateLimitDecision, RateLimitStoreError>) -> Void
    )
}

/// The store did not answer, or not in time.
struct RateLimitStoreError: Error, Hashable {
    /// For the log.
    var reason: String
}

/// What happens to requests while a store does not answer.
enum RateLimitFailure: String, SettingChoice {
    /// Each gateway counts by itself.
    case local
    /// They pass.
    case open
    /// They are answered with 503.
    case closed
}
