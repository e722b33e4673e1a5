import NIOCore
import Synchronization

/// The memory stores of all limiters, found by name, so that a reload and all event loops go on with the same counts. A
/// store lives as long as a route uses it.
final class RateLimiters: Sendable {
    private struct Reference {
        weak var store: MemoryRateLimitStore?
    }

    /// Of this process: nobody outside can make two keys meet.
    let seed = SipHash.Seed.random()
    private let stores = Mutex<[String: Reference]>([:])
    /// What a monotonic time lacks to be one since 1970, so that windows begin with the minutes and hours of the day. It is
    /// taken once: a clock that is set meanwhile does not move them.
    private let offset: UInt64

    init(unixMilliseconds: Int64, at now: NIODeadline) {
        let unix = UInt64(clamping: unixMilliseconds).multipliedReportingOverflow(by: 1_000_000).partialValue
        self.offset = unix &- now.uptimeNanoseconds
    }

    /// Nanoseconds since 1970 on a clock that never goes back.
    func time(at now: NIODeadline) -> UInt64 { now.uptimeNanoseconds &+ self.offset }

    /// Keys that are tracked now, by all limiters together.
    var keys: Int {
        self.stores.withLock { $0.values.reduce(0) { $0 + ($1.store?.count ?? 0) } }
    }

    /// The store of this name; one that is there already gets the new capacity.
    ///
    /// - Parameter name: stores with another width or other units of time have to have another name.
    func store(named name: String, capacity: Int, width: Int) -> MemoryRateLimitStore {
        self.stores.withLock { stores in
            if let store = stores[name]?.store {
                store.capacity = capacity
                return store
            }
            stores = stores.filter { $0.value.store != nil }
            let store = MemoryRateLimitStore(capacity: capacity, width: width)
            stores[name] = Reference(store: store)
            return store
        }
    }
}
