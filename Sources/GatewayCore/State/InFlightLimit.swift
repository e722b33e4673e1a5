package import NIOCore
import Synchronization

/// Counts the concurrent requests of a route, exact across event loops, and optionally adapts the limit to the measured
/// latency.
package final class InFlightLimit: Sendable {
    private let count = Atomic(0)
    private let gradient = Mutex(GradientLimit())
    /// A copy of the gradient's limit that is read without the lock.
    private let adaptive = Atomic(Int.max)

    package init() {}

    package var inFlight: Int { self.count.load(ordering: .relaxed) }

    /// The limit that the latency allows, at most `maximum`.
    package func limit(adaptiveUpTo maximum: Int) -> Int { min(self.adaptive.load(ordering: .relaxed), maximum) }

    /// Counts a request, unless `limit` are in flight already.
    package func enter(limit: Int) -> Bool {
        var count = self.count.load(ordering: .relaxed)
        while count < limit {
            let (exchanged, original) = self.count.compareExchange(
                expected: count,
                desired: count + 1,
                ordering: .relaxed
            )
            if exchanged { return true }
            count = original
        }
        return false
    }

    package func leave() { self.count.subtract(1, ordering: .relaxed) }

    /// Records how long a request took, or that it timed out.
    package func observe(_ sample: GradientLimit.Sample, upTo maximum: Int, at now: NIODeadline) {
        let inFlight = self.inFlight
        let limit: Int? = self.gradient.withLock { gradient in
            switch gradient.observe(sample, inFlight: inFlight, maximum: maximum, at: now) {
            case .unchanged: nil
            case .limit(let limit): limit
            }
        }
        if let limit { self.adaptive.store(limit, ordering: .relaxed) }
    }
}
