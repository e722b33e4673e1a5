import DequeModule

/// How many deliveries may be under way at a time, and which webhooks wait for a place.
///
/// There is a place for each of a thousand webhooks, so that those that hang take none from the others. Those that failed
/// lately share a part.
struct DeliverySlots {
    private let limit: Int
    private let failingLimit: Int
    private var used = 0
    private var usedByFailing = 0
    private var queue: Deque<String> = []
    private var failingQueue: Deque<String> = []

    init(limit: Int = 1024, failing: Int = 256) {
        self.limit = limit
        self.failingLimit = failing
    }

    /// A place for one delivery.
    struct Slot: Hashable {
        fileprivate let isFailing: Bool
    }

    /// Returns a place. If there is none, the webhook waits, and ``give(_:)`` returns it later.
    mutating func take(for webhook: String, isFailing: Bool) -> Slot? {
        guard self.used < self.limit, !isFailing || self.usedByFailing < self.failingLimit else {
            if isFailing { self.failingQueue.append(webhook) } else { self.queue.append(webhook) }
            return nil
        }
        self.used += 1
        if isFailing { self.usedByFailing += 1 }
        return Slot(isFailing: isFailing)
    }

    /// Returns the webhook that may ask for a place now; nil if none waits.
    mutating func give(_ slot: Slot) -> String? {
        self.used -= 1
        if slot.isFailing { self.usedByFailing -= 1 }
        if let next = self.queue.popFirst() { return next }
        return self.usedByFailing < self.failingLimit ? self.failingQueue.popFirst() : nil
    }
}
