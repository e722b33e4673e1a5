import GatewaySettings

/// Counts the requests of one limiter for several gateways, for one event loop. `MemoryRateLimitStore` counts within the
/// process, synchronously.
package protocol RateLimitStore: AnyObject {
    /// The seed that keys are hashed with. All gateways that share the store use the same one.
    var seed: SipHash.Seed { get }

    /// Decides by all windows of the limiter at once, using the store's clock.
    ///
    /// - Parameter done: Called once, on the event loop, after this function has returned and within the time that a client
    ///   can be kept waiting. Not called if this function returns an error.
    /// - Returns: An error if the store is known to be away.
    func take(
        _ key: RateLimitKey,
        _ done: @escaping (Result<RateLimitCount, RateLimitStoreError>) -> Void
    ) -> RateLimitStoreError?
}

/// What a store counted for a request.
package struct RateLimitCount: Hashable, Sendable {
    package var isAllowed: Bool
    /// Nanoseconds since 1970 on the store's clock.
    package var now: UInt64
    /// The state of the key afterwards, a cell for each window.
    package var cells: ContiguousArray<RateLimitCell>

    package init(isAllowed: Bool, now: UInt64, cells: ContiguousArray<RateLimitCell>) {
        self.isAllowed = isAllowed
        self.now = now
        self.cells = cells
    }
}

/// The store did not answer, or not in time.
package struct RateLimitStoreError: Error, Hashable {
    /// For the log.
    package var reason: String

    package init(reason: String) { self.reason = reason }
}
