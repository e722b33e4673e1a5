import Synchronization

/// The open WebSockets of all event loops, by route and consumer.
package final class WebSocketRegistry: Sendable {
    package struct Key: Hashable, Sendable {
        package var route: String
        package var consumer: String?
    }

    private let open = Mutex<[Key: Int]>([:])

    func opened(_ key: Key) { self.open.withLock { $0[key, default: 0] += 1 } }

    func closed(_ key: Key) {
        self.open.withLock { open in
            let count = (open[key] ?? 1) - 1
            open[key] = count > 0 ? count : nil
        }
    }

    /// The number of open WebSockets for each route and consumer that has any, in a stable order.
    package var counts: [(key: Key, open: Int)] {
        self.open.withLock { open in open.map { (key: $0.key, open: $0.value) } }
            .sorted { ($0.key.route, $0.key.consumer ?? "") < ($1.key.route, $1.key.consumer ?? "") }
    }
}
