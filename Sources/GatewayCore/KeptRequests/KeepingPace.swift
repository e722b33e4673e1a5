import NIOCore

/// Limits how many requests an event loop keeps, so that a storm of errors costs little. Each reason has its own limit, so
/// that a storm of one kind does not hide the others.
struct KeepingPace {
    /// How many are kept at once.
    static let burst = 200
    /// The time after which one more is kept: 200 per second.
    private static let interval = TimeAmount.milliseconds(5)

    /// For each reason, when as many as ``burst`` may be kept again.
    private var full = [NIODeadline](repeating: .uptimeNanoseconds(0), count: KeptRequest.Reason.allCases.count)

    /// Whether a request is kept.
    mutating func admits(_ reason: KeptRequest.Reason, at now: NIODeadline) -> Bool {
        let next = max(self.full[reason.rawValue], now) + Self.interval
        guard next - now <= .nanoseconds(Self.interval.nanoseconds * Int64(Self.burst)) else { return false }
        self.full[reason.rawValue] = next
        return true
    }
}
