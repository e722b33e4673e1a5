import NIOCore

/// How long a retry waits. Each wait is random, so that clients whose requests failed together do not return together.
struct RetryBackoff {
    let base: TimeAmount
    let maximum: TimeAmount

    /// Returns a random time up to a limit, which doubles with each retry: `base`, 2 · `base` and so on up to `maximum`.
    ///
    /// - Parameters:
    ///   - retries: How many retries came before this one.
    ///   - random: Uniformly distributed.
    func delay(after retries: Int, random: UInt64) -> TimeAmount {
        let base = max(0, self.base.nanoseconds)
        let factor = Int64(1) << Int64(min(max(0, retries), 62))
        let (product, overflow) = base.multipliedReportingOverflow(by: factor)
        let limit = overflow ? self.maximum.nanoseconds : min(product, self.maximum.nanoseconds)
        guard limit > 0 else { return .zero }
        // The high half of the product is uniform in 0..<limit + 1.
        return .nanoseconds(Int64((UInt64(limit) + 1).multipliedFullWidth(by: random).high))
    }
}
