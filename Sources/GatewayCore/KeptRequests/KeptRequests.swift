import DequeModule
import Synchronization

/// The last requests that failed, broke off or were slow. Each event loop has a shelf for those that end there, so that
/// event loops do not wait for each other.
///
/// Memory: at most 1,000 requests of 3 kB per event loop; usual ones take 600 bytes.
package final class KeptRequests: Sendable {
    /// The maximum number of requests, of all event loops together and on each shelf.
    package static let limit = 1000

    private let shelves = Mutex<[Shelf]>([])

    package init() {}

    package func makeShelf() -> Shelf {
        let shelf = Shelf()
        self.shelves.withLock { $0.append(shelf) }
        return shelf
    }

    /// The requests, newest first.
    package var all: [KeptRequest] {
        let contents = self.shelves.withLock { $0 }.map(\.requests)
        let sorted = contents.joined().sorted { ($0.time, $0.endedAt) > ($1.time, $1.endedAt) }
        return Array(sorted.prefix(Self.limit))
    }

    /// The newest request with this ID; nil if there is none.
    package func request(_ id: String) -> KeptRequest? {
        id.isEmpty ? nil : self.all.first { $0.requestID == id }
    }

    /// How many requests were not kept, because there were too many at once.
    package var omitted: Int { self.shelves.withLock { $0 }.reduce(0) { $0 + $1.omitted } }

    /// The requests that ended on one event loop.
    package final class Shelf: Sendable {
        private struct Content: Sendable {
            var requests: Deque<KeptRequest> = []
            var omitted = 0
        }

        private let content = Mutex(Content())

        fileprivate var requests: Deque<KeptRequest> { self.content.withLock { $0.requests } }
        fileprivate var omitted: Int { self.content.withLock { $0.omitted } }

        /// Adds a request. The oldest gives way to it.
        package func add(_ request: KeptRequest) {
            self.content.withLock { content in
                if content.requests.count >= KeptRequests.limit { content.requests.removeFirst() }
                content.requests.append(request)
            }
        }

        /// Counts a request that is not kept.
        package func omit() { self.content.withLock { $0.omitted += 1 } }
    }
}
