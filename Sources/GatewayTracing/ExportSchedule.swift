import NIOCore

/// When a batch is sent, and whether it is sent again (OTLP 1.5, OTLP/HTTP response). There is one export at a time.
struct ExportSchedule {
    /// What came of an export.
    enum Answer: Hashable {
        /// - Parameter retryAfter: The time that the collector asks for.
        case status(Int, retryAfter: TimeAmount?)
        /// There was no connection, or no answer in time.
        case none
    }

    enum Verdict: Hashable {
        case taken
        /// The collector will never take the batch.
        case lost
        /// Send the batch again at this time.
        case again(NIODeadline)
    }

    private static let firstDelay = TimeAmount.seconds(1)
    private static let lastDelay = TimeAmount.seconds(30)
    /// The longest pause that a collector may ask for.
    private static let longestPause = TimeAmount.hours(1)

    private var delay = Self.firstDelay

    /// - Parameter random: From 0 to 1. Delays vary by 20 % in both directions, so that gateways do not return together.
    mutating func answered(_ answer: Answer, at now: NIODeadline, random: Double) -> Verdict {
        switch answer {
        case .status(let status, _) where (200..<300).contains(status):
            self.delay = Self.firstDelay
            return .taken
        case .status(429, let pause), .status(502, let pause), .status(503, let pause), .status(504, let pause):
            return self.again(after: pause, now, random)
        case .status:
            self.delay = Self.firstDelay
            return .lost
        case .none: return self.again(after: nil, now, random)
        }
    }

    private mutating func again(after pause: TimeAmount?, _ now: NIODeadline, _ random: Double) -> Verdict {
        let delay = Int64(Double(self.delay.nanoseconds) * (0.8 + 0.4 * random))
        self.delay = min(self.delay + self.delay, Self.lastDelay)
        if let pause { return .again(now + min(max(pause, .zero), Self.longestPause)) }
        return .again(now + .nanoseconds(delay))
    }
}
