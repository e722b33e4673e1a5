package import NIOCore

/// When which endpoint is polled, and how many polls run at once.
///
/// A new endpoint is due at once. The next poll of an endpoint is due one interval after the last one began, varied by
/// up to 10% at random each time, so that gateways do not poll in step. While `limit` polls run, endpoints that are due
/// wait, and the one that is due longest goes first.
package struct PollSchedule<ID: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        var interval: TimeAmount
        var due: NIODeadline
        /// When the current poll began. Nil while none runs.
        var begun: NIODeadline?
        /// The order in which endpoints that are due at the same time are polled.
        var number: UInt64
    }

    /// How far an interval may deviate in either direction.
    static var jitter: Double { 0.1 }

    /// The maximum number of polls that run at once.
    package var limit: Int
    package private(set) var running = 0
    private var entries: [ID: Entry] = [:]
    private var lastNumber: UInt64 = 0

    package init(limit: Int) { self.limit = limit }

    package var ids: some Collection<ID> { self.entries.keys }

    /// When the next poll of an endpoint is due. Nil if it is not polled.
    package func due(_ id: ID) -> NIODeadline? { self.entries[id]?.due }

    /// Adds an endpoint, due at once, or changes its interval. A new interval counts from the next poll on, unless the
    /// next poll would be later than that.
    package mutating func set(_ id: ID, every interval: TimeAmount, at now: NIODeadline) {
        if var entry = self.entries[id] {
            guard entry.interval != interval else { return }
            entry.interval = interval
            entry.due = min(entry.due, now + interval)
            self.entries[id] = entry
        } else {
            self.entries[id] = Entry(interval: interval, due: now, number: self.nextNumber())
        }
    }

    /// Removes an endpoint. A poll that is in progress no longer counts; the caller ends it.
    package mutating func remove(_ id: ID) {
        guard let entry = self.entries.removeValue(forKey: id) else { return }
        if entry.begun != nil { self.running -= 1 }
    }

    /// Returns the endpoint to poll now and counts its poll as running, or nil if none is due or too many polls run.
    package mutating func next(at now: NIODeadline) -> ID? {
        guard self.running < self.limit, let first = self.first, first.entry.due <= now else { return nil }
        self.running += 1
        self.entries[first.id]?.begun = now
        return first.id
    }

    /// Records that the poll of an endpoint ended.
    ///
    /// - Parameter random: A number from 0 to 1 that varies the interval.
    package mutating func ended(_ id: ID, at now: NIODeadline, random: Double) {
        guard var entry = self.entries[id], let begun = entry.begun else { return }
        self.running -= 1
        let factor = 1 + Self.jitter * (2 * random - 1)
        let interval = TimeAmount.nanoseconds(Int64(Double(entry.interval.nanoseconds) * factor))
        entry.due = max(now, begun + interval)
        entry.begun = nil
        entry.number = self.nextNumber()
        self.entries[id] = entry
    }

    /// When to call ``next(at:)`` again, unless a poll ends before. Nil if nothing can begin until then.
    package var wakeUp: NIODeadline? { self.running < self.limit ? self.first?.entry.due : nil }

    private var first: (id: ID, entry: Entry)? {
        var first: (id: ID, entry: Entry)?
        for (id, entry) in self.entries where entry.begun == nil {
            if let best = first?.entry, (best.due, best.number) < (entry.due, entry.number) { continue }
            first = (id, entry)
        }
        return first
    }

    private mutating func nextNumber() -> UInt64 {
        self.lastNumber += 1
        return self.lastNumber
    }
}
