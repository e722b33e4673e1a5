import NIOCore

/// How many requests at once an upstream takes well, found from how its latency grows with them.
///
/// Samples are averaged over short windows. Each average is compared with the long-term one: where it is longer, requests
/// wait behind each other somewhere and the limit shrinks in proportion; else it grows by a small queue's length. This is
/// the gradient algorithm of Netflix's concurrency-limits.
struct GradientLimit: Sendable {
    enum Sample: Hashable, Sendable {
        /// Nanoseconds until the response's head.
        case latency(UInt64)
        /// It was given up.
        case timeout
    }

    enum OnSample: Hashable, Sendable {
        case unchanged
        case limit(Int)
    }

    /// A window is at least so long, and has at least so many samples.
    private static let windowLength = TimeAmount.milliseconds(100)
    private static let windowSamples = 10
    /// Latency may grow by half before the limit shrinks.
    private static let tolerance = 1.5
    /// What one window's result counts.
    private static let smoothing = 0.2
    /// What one window counts in the long-term latency.
    private static let memory = 1.0 / 100

    /// nil until the first window has ended: then it is the maximum.
    private var estimate: Double?
    private var longTerm = 0.0
    private var windowStart: NIODeadline?
    private var sum = 0.0
    private var count = 0
    private var timeouts = 0
    private var mostInFlight = 0

    /// - Parameters:
    ///   - inFlight: requests that were under way with this one.
    ///   - maximum: the limit stays between 1 and this.
    mutating func observe(_ sample: Sample, inFlight: Int, maximum: Int, at now: NIODeadline) -> OnSample {
        let start = self.windowStart ?? now
        self.windowStart = start
        self.mostInFlight = max(self.mostInFlight, inFlight)
        switch sample {
        case .latency(let nanoseconds):
            self.sum += Double(nanoseconds)
            self.count += 1
        case .timeout: self.timeouts += 1
        }
        guard self.count + self.timeouts >= Self.windowSamples, now >= start + Self.windowLength else {
            return .unchanged
        }
        defer { self.beginWindow() }
        let highest = Double(max(1, maximum))
        let current = min(self.estimate ?? highest, highest)
        let next = min(max(self.next(from: current), 1), highest)
        self.estimate = next
        // The largest integers have no equal among doubles, and the next one is too large.
        return .limit(min(Int(exactly: next.rounded(.down)) ?? .max, max(1, maximum)))
    }

    private mutating func next(from current: Double) -> Double {
        // An upstream that lets requests time out has too many, however fast the others are.
        if self.timeouts > 0 { return current * 0.9 }
        let short = max(1, self.sum / Double(self.count))
        if self.longTerm == 0 { self.longTerm = short }
        self.longTerm += (short - self.longTerm) * Self.memory
        // After an overload the long-term latency is too long for a while; it is not to excuse the next.
        if self.longTerm > 2 * short { self.longTerm *= 0.95 }
        // Where the limit was not nearly reached, the latency says nothing about it.
        if Double(self.mostInFlight) < current / 2 { return current }
        let gradient = min(max(Self.tolerance * self.longTerm / short, 0.5), 1)
        let wanted = current * gradient + current.squareRoot()
        return current + (wanted - current) * Self.smoothing
    }

    private mutating func beginWindow() {
        self.windowStart = nil
        self.sum = 0
        self.count = 0
        self.timeouts = 0
        self.mostInFlight = 0
    }
}
