import DequeModule
import NIOCore

/// The envelopes that wait to be sent, and when they are.
struct SentryQueue {
    struct Item: Sendable {
        let category: SentryLimits.Category
        /// 32 hexadecimal digits.
        let id: String
        /// The event as JSON.
        let payload: ByteBuffer
        fileprivate(set) var attempts = 0

        init(_ category: SentryLimits.Category, id: String, payload: ByteBuffer) {
            self.category = category
            self.id = id
            self.payload = payload
        }
    }

    private static let limit = 256
    private static let maxInFlight = 4
    /// How often a connection is tried for one item.
    private static let maxAttempts = 5
    /// The pause after a failed connection. It doubles each time.
    private static let shortestPause = TimeAmount.seconds(1)
    private static let longestPause = TimeAmount.minutes(1)

    private var waiting: Deque<Item> = []
    private(set) var inFlight = 0
    private var limits = SentryLimits()
    /// No connection before this.
    private var pausedUntil: NIODeadline?
    /// The length of the last pause.
    private var pause = TimeAmount.zero

    /// Whether nothing waits and nothing is in flight.
    var isIdle: Bool { self.waiting.isEmpty && self.inFlight == 0 }
    var count: Int { self.waiting.count + self.inFlight }

    enum OnAdd: Equatable {
        case queued
        /// The oldest was dropped.
        case queuedInPlaceOfOldest
        /// Sentry refuses this category now.
        case limited
    }

    mutating func add(_ item: Item, at now: NIODeadline) -> OnAdd {
        if self.limits.isLimited(item.category, at: now) { return .limited }
        self.waiting.append(item)
        guard self.waiting.count > Self.limit else { return .queued }
        self.waiting.removeFirst()
        return .queuedInPlaceOfOldest
    }

    enum OnNext {
        case send(Item)
        /// Sentry refuses its category now: drop it, and ask again.
        case limited
        /// Ask again then.
        case wait(until: NIODeadline)
        /// Nothing waits, or enough is in flight.
        case idle
    }

    /// Called after each change.
    ///
    /// - Parameter isEnding: Whether there is no time for pauses.
    mutating func next(at now: NIODeadline, isEnding: Bool = false) -> OnNext {
        guard let item = self.waiting.first, self.inFlight < Self.maxInFlight else { return .idle }
        if self.limits.isLimited(item.category, at: now) {
            self.waiting.removeFirst()
            return .limited
        }
        if !isEnding, let until = self.pausedUntil, now < until { return .wait(until: until) }
        self.waiting.removeFirst()
        self.inFlight += 1
        return .send(item)
    }

    enum OnResponse: Equatable {
        case sent, limited, failed
    }

    /// - Parameters:
    ///   - limits: The values of `X-Sentry-Rate-Limits`.
    ///   - time: Seconds since 1970.
    mutating func responded(
        status: Int,
        limits: [String],
        retryAfter: String?,
        at now: NIODeadline,
        time: Int64
    ) -> OnResponse {
        self.inFlight -= 1
        self.pausedUntil = nil
        self.pause = .zero
        self.limits.received(status: status, limits: limits, retryAfter: retryAfter, at: now, time: time)
        return switch status {
        case 200..<300: .sent
        case 429: .limited
        default: .failed
        }
    }

    enum OnFailure: Equatable {
        /// It waits for another attempt.
        case again
        /// It was tried often enough.
        case failed
    }

    /// Called when there was no response to an item.
    mutating func failed(_ item: Item, at now: NIODeadline, isEnding: Bool = false) -> OnFailure {
        self.inFlight -= 1
        // Those that fail together count once.
        if self.pausedUntil.map({ now >= $0 }) ?? true {
            self.pause = min(max(self.pause * 2, Self.shortestPause), Self.longestPause)
            self.pausedUntil = now + self.pause
        }
        var item = item
        item.attempts += 1
        guard item.attempts < Self.maxAttempts, !isEnding else { return .failed }
        self.waiting.prepend(item)
        return .again
    }

    /// Drops what waits. Returns how many.
    mutating func clear() -> Int {
        defer { self.waiting = [] }
        return self.waiting.count
    }
}
