import GatewayCore
import Synchronization

/// Counts the requests in flight of each caller, exact across event loops and over all routes.
///
/// It holds nothing about callers without requests, so it never holds more than the gateway has requests.
final class CallersInFlight: Sendable {
    /// Where a request counts.
    enum Slot {
        case consumer(Consumer)
        /// The address of an anonymous caller, or the name of a consumer that shares its object with others.
        case key(RateLimitKey)
    }

    private final class Shard: Sendable {
        let counts = Mutex<[RateLimitKey: Int]>([:])
    }

    /// Random per process, so that clients cannot construct colliding keys.
    let seed = SipHash.Seed.random()
    private let shards = ContiguousArray((0..<16).map { _ in Shard() })

    /// Counts a request, unless its caller has `limit` in flight already.
    func enter(_ slot: Slot, limit: Int) -> Bool {
        switch slot {
        case .consumer(let consumer): consumer.inFlight.enter(limit: limit)
        case .key(let key):
            self.shard(of: key).counts.withLock { counts in
                let count = counts[key] ?? 0
                guard count < limit else { return false }
                counts[key] = count + 1
                return true
            }
        }
    }

    /// Ends a request that was counted.
    func leave(_ slot: Slot) {
        switch slot {
        case .consumer(let consumer): consumer.inFlight.leave()
        case .key(let key):
            self.shard(of: key).counts.withLock { counts in
                guard let count = counts[key] else { return }
                counts[key] = count > 1 ? count - 1 : nil
            }
        }
    }

    /// The number of callers that are counted by key.
    var keys: Int { self.shards.reduce(0) { $0 + $1.counts.withLock { $0.count } } }

    private func shard(of key: RateLimitKey) -> Shard {
        self.shards[Int(truncatingIfNeeded: key.low & UInt64(self.shards.count - 1))]
    }
}
