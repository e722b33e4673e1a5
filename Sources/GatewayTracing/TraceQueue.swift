import DequeModule
import GatewayCore
import NIOCore

/// The spans that wait to be sent, in batches. Whole requests stay together.
struct TraceQueue {
    /// The spans of a request, encoded.
    struct Item {
        var bytes: [UInt8]
        var spans: Int
    }

    struct Batch {
        var items: [[UInt8]] = []
        var spans = 0
        /// The size before compression.
        var bytes = 0
    }

    /// Collectors refuse messages of more than 4 MiB.
    static let maxBytes = 3 * 1024 * 1024

    private var items: Deque<Item> = []
    /// The number of spans that wait.
    private(set) var spans = 0
    private var bytes = 0
    /// When the oldest span has waited long enough.
    private(set) var due: NIODeadline?

    /// - Parameter due: When the spans are sent at the latest, unless older ones wait.
    mutating func add(_ item: Item, due: NIODeadline) {
        self.items.append(item)
        self.spans += item.spans
        self.bytes += item.bytes.count
        if self.due == nil { self.due = due }
    }

    /// Returns the next batch, if one is full or due.
    ///
    /// - Parameters:
    ///   - interval: How long what remains waits.
    ///   - isEnding: Whether everything is due.
    mutating func next(at now: NIODeadline, interval: TimeAmount, isEnding: Bool) -> Batch? {
        guard let due = self.due else { return nil }
        guard isEnding || due <= now || self.spans >= TracedRequests.batch || self.bytes >= Self.maxBytes else {
            return nil
        }
        var batch = Batch()
        while let item = self.items.first {
            let isFull =
                batch.spans + item.spans > TracedRequests.batch || batch.bytes + item.bytes.count > Self.maxBytes
            if isFull, batch.spans > 0 { break }
            self.items.removeFirst()
            batch.items.append(item.bytes)
            batch.spans += item.spans
            batch.bytes += item.bytes.count
        }
        self.spans -= batch.spans
        self.bytes -= batch.bytes
        // What remains came later than the batch.
        self.due = self.items.isEmpty ? nil : due <= now ? now : now + interval
        return batch
    }

    /// Drops everything. Returns the number of spans.
    mutating func clear() -> Int {
        defer { self = TraceQueue() }
        return self.spans
    }
}
