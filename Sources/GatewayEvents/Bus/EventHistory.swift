import DequeModule

/// The last events, for streams that reconnect.
struct EventHistory {
    private let limit: Int
    private var events: Deque<Event> = []

    init(limit: Int = 1000) { self.limit = limit }

    mutating func add(_ event: Event) {
        if self.events.count >= self.limit { self.events.removeFirst() }
        self.events.append(event)
    }

    /// All of them, oldest first.
    var all: Deque<Event> { self.events }

    /// The events after the one with this ID; nil if it is not there any more.
    func after(_ id: EventID) -> Deque<Event>.SubSequence? {
        guard let index = self.events.firstIndex(where: { $0.id == id }) else { return nil }
        return self.events[(index + 1)...]
    }
}
