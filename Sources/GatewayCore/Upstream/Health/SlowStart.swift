import NIOCore

/// The growing share of requests that an endpoint gets after it was down: from a tenth of its weight to all of it.
struct SlowStart: Sendable, Equatable {
    /// The share of an endpoint that is warm, in percent.
    static let full = 100
    private static let least = 10
    /// The shortest time between two changes of the share. Each change costs all workers a look at their endpoints.
    private static let shortestStep = TimeAmount.milliseconds(50)

    let begun: NIODeadline
    let duration: TimeAmount

    /// The share in percent. It grows linearly.
    func share(at now: NIODeadline) -> Int {
        let passed = max(0, (now - self.begun).nanoseconds)
        guard passed < self.duration.nanoseconds else { return Self.full }
        let progress = Double(passed) / Double(self.duration.nanoseconds)
        return Self.least + Int(progress * Double(Self.full - Self.least))
    }

    /// When to look at the share again. Nil if the endpoint is warm.
    func nextStep(after now: NIODeadline) -> NIODeadline? {
        guard self.share(at: now) < Self.full else { return nil }
        let step = TimeAmount.nanoseconds(self.duration.nanoseconds / Int64(Self.full - Self.least))
        return min(now + max(step, Self.shortestStep), self.begun + self.duration)
    }
}
