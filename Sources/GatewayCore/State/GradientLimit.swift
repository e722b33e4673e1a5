import NIOCore

/// Estimates how many concurrent requests an upstream can handle, from how its latency changes with them.
///
/// Averages samples over short windows and compares each average with the long-term latency. If it is higher, requests
/// are queueing somewhere, and the limit shrinks in proportion. Otherwise it grows by the length of a small queue. This
/// is the gradient algorithm of Netflix's concurrency-limits.
package struct GradientLimit: Sendable {
    package enum Sample: Hashable, Sendable {
        /// Nanoseconds until the response head.
        case latency(UInt64)
        /// The request timed out.
        case timeout
    }

    enum OnSample: Hashable, Sendable {
        case unchanged
        case limit(Int)
    }

    /// The minimum length of a window, and its minimum number of samples.
    private static let windowLength = TimeAmount.milliseconds(100)
    private static let windowSamples = 10
    /// Latency may grow by half before the limit shrinks.
    private static let tolerance = 1.5
    /// The weight of one window in the limit.
    private static let smoothing = 0.2
    /// The weight of one window in the long-term latency.
    private static let memory = 1.0 / 100

    /// nil until the first window has ended; the limit is the maximum until then.
    private var estimate: Double?
    private var longTerm = 0.0
    private var windowStart: NIODeadline?
    private var sum = 0.0
    private var count = 0
    private var timeouts = 0
    private var mostInFlight = 0

    /// - Parameters:
    ///   - inFlight: the number of concurrent requests when this one was sent.
    ///   - maximum: the upper bound of the limit; the lower is 1.
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
        // The largest integers have no exact double, and the next double is too large.
        return .limit(min(Int(exactly: next.rounded(.down)) ?? .max, max(1, maximum)))
    }

    private mutating func next(from current: Double) -> Double {
        // An upstream that times out has too many requests, however fast its other responses are.
        if self.timeouts > 0 { return current * 0.9 }
        let short = max(1, self.sum / Double(self.count))
        if self.longTerm == 0 { self.longTerm = short }
        self.longTerm += (short - self.longTerm) * Self.memory
        // After an overload the long-term latency stays too high for a while, which must not excuse the next overload.
        if self.longTerm > 2 * short { self.longTerm *= 0.95 }
        // If the limit was not nearly reached, the latency says nothing about it.
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
