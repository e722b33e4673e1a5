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
    /// The webhooks that wait.
    private var waiting: Set<String> = []
    /// In the order in which they began to wait. Those that wait no more are skipped.
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

    private func hasRoom(isFailing: Bool) -> Bool {
        self.used < self.limit && (!isFailing || self.usedByFailing < self.failingLimit)
    }

    /// Returns a place. If there is none, the webhook waits until ``next()`` returns it, or asks again.
    mutating func take(for webhook: String, isFailing: Bool) -> Slot? {
        guard self.hasRoom(isFailing: isFailing) else {
            guard self.waiting.insert(webhook).inserted else { return nil }
            if isFailing { self.failingQueue.append(webhook) } else { self.queue.append(webhook) }
            return nil
        }
        self.waiting.remove(webhook)
        self.used += 1
        if isFailing { self.usedByFailing += 1 }
        return Slot(isFailing: isFailing)
    }

    mutating func give(_ slot: Slot) {
        self.used -= 1
        if slot.isFailing { self.usedByFailing -= 1 }
    }

    /// Returns the webhook that may ask for a place now; nil if none waits, or there is none. Call it again afterwards,
    /// because the webhook may need none any more.
    mutating func next() -> String? {
        guard self.hasRoom(isFailing: false) else { return nil }
        while let next = self.queue.popFirst() {
            if self.waiting.remove(next) != nil { return next }
        }
        guard self.hasRoom(isFailing: true) else { return nil }
        while let next = self.failingQueue.popFirst() {
            if self.waiting.remove(next) != nil { return next }
        }
        return nil
    }
}
