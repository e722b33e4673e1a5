/// Decides when the requests are made that keep responses in the cache: at start, before each response expires, and at the
/// latest after the time that each request names. Times are milliseconds on a clock that never goes back.
package struct WarmSchedule {
    /// How many requests are made at once.
    package static let maxInFlight = 4
    /// How soon a request is made again at the earliest, and whether its upstream is up is looked at again.
    static let pause: Int64 = 1000
    /// How long a failing request waits at most.
    static let longestRetry: Int64 = 60_000

    private struct Entry {
        /// Nil while the request is made.
        var due: Int64?
        /// The failures since the last success.
        var failures = 0
        /// Whether the configuration lists it.
        var isWanted = true
    }

    private var entries: [WarmRequest: Entry] = [:]
    /// In the order in which they become due together.
    private var order: [WarmRequest] = []

    package init() {}

    package var count: Int { self.order.count }
    package var inFlight: Int { self.entries.values.count { $0.due == nil } }

    /// Takes the requests of a new configuration. Those that there were keep their times.
    package mutating func replace(with requests: [WarmRequest], at now: Int64) {
        var seen: Set<WarmRequest> = []
        self.order = requests.filter { seen.insert($0).inserted }
        for request in self.entries.keys where !seen.contains(request) {
            // One that is being made counts until it ends.
            if self.entries[request]?.due == nil {
                self.entries[request]?.isWanted = false
            } else {
                self.entries[request] = nil
            }
        }
        for request in self.order { self.entries[request, default: Entry(due: now)].isWanted = true }
    }

    /// Returns the requests to make now. Each is made until ``ended(_:_:at:spread:)``.
    ///
    /// - Parameter isReady: Whether the upstream of a request is up. Otherwise it is looked at again a second later.
    package mutating func due(at now: Int64, isReady: (WarmRequest) -> Bool) -> [WarmRequest] {
        var room = Self.maxInFlight - self.inFlight
        var made: [WarmRequest] = []
        let waiting = self.order.filter { self.entries[$0]?.due.map { $0 <= now } ?? false }
        // Those that have waited longest come first.
        for request in waiting.sorted(by: { self.entries[$0]?.due ?? 0 < self.entries[$1]?.due ?? 0 }) {
            guard room > 0 else { break }
            guard isReady(request) else {
                self.entries[request]?.due = now + Self.pause
                continue
            }
            self.entries[request]?.due = nil
            made.append(request)
            room -= 1
        }
        return made
    }

    /// When ``due(at:isReady:)`` has something to do next. Nil: only after a request has ended.
    package var next: Int64? {
        guard self.inFlight < Self.maxInFlight else { return nil }
        return self.entries.values.lazy.compactMap(\.due).min()
    }

    package enum Outcome: Hashable, Sendable {
        /// The response is stored, and fresh for so many milliseconds.
        case stored(freshFor: Int64)
        /// There is a response, which is not stored.
        case passed
        case failed
    }

    /// Takes the end of a request.
    ///
    /// - Parameter spread: A random number from 0 to 1, which keeps requests apart that began together.
    package mutating func ended(_ request: WarmRequest, _ outcome: Outcome, at now: Int64, spread: Double) {
        guard var entry = self.entries[request], entry.due == nil else { return }
        guard entry.isWanted else {
            self.entries[request] = nil
            return
        }
        var wait = request.every
        switch outcome {
        // Early enough for a slow upstream.
        case .stored(let fresh) where fresh > 0: wait = min(wait, fresh - fresh / 10)
        case .stored, .passed: break
        case .failed: wait = min(wait, min(Self.longestRetry, Self.pause << min(entry.failures, 6)))
        }
        entry.failures = outcome == .failed ? entry.failures + 1 : 0
        wait -= Int64(Double(wait) / 10 * min(max(spread, 0), 1))
        entry.due = now + max(Self.pause, wait)
        self.entries[request] = entry
    }
}
