import GatewaySettings

/// An external store that counts for several gateways. `MemoryRateLimitStore` counts within the process,
/// synchronously.
package protocol RateLimitStore: Sendable {
    /// The seed that keys are hashed with. All gateways that share the store must use the same one.
    var seed: SipHash.Seed { get }

    /// Decides by all windows of the rule at once, using the store's clock.
    ///
    /// - Parameter done: called once, on any thread, within a time that a client can be kept waiting.
    func take(
        _ key: RateLimitKey,
        of limiter: String,
        by rule: RateLimitRule,
        _ done: @escaping @Sendable (Result<RateLimitDecision, RateLimitStoreError>) -> Void
    )
}

/// The store did not answer, or not in time.
package struct RateLimitStoreError: Error, Hashable {
    /// For the log.
    package var reason: String
}

/// What happens to requests while the store does not answer.
package enum RateLimitFailure: String, SettingChoice {
    /// Each gateway counts separately.
    case local
    /// Requests pass.
    case open
    /// Requests get 503.
    case closed
}
