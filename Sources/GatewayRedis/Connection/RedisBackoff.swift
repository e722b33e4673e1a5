import NIOCore

/// How long to wait before a server is tried again: 100 milliseconds, doubled with each failure up to 5 seconds, more or less
/// a quarter.
struct RedisBackoff: Hashable {
    static let shortest = TimeAmount.milliseconds(100)
    static let longest = TimeAmount.seconds(5)
    private var failures = 0

    /// - Parameter random: 0 to 1.
    mutating func next(random: Double) -> TimeAmount {
        let doubled = Double(Self.shortest.nanoseconds) * Double(1 << min(self.failures, 10))
        self.failures += 1
        let base = min(doubled, Double(Self.longest.nanoseconds))
        let spread = base * (0.75 + 0.5 * min(max(random, 0), 1))
        return .nanoseconds(
            Int64(min(max(spread, Double(Self.shortest.nanoseconds)), Double(Self.longest.nanoseconds)))
        )
    }

    /// The server has answered.
    mutating func reset() { self.failures = 0 }
}
