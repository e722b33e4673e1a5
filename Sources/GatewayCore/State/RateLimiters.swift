package import NIOCore
import Synchronization

/// The memory stores of all rate limiters by name, so that reloads and all event loops keep the same counts. A store
/// lives as long as a route uses it.
package final class RateLimiters: Sendable {
    private struct Reference {
        weak var store: MemoryRateLimitStore?
    }

    /// Random per process, so that clients cannot construct colliding keys.
    package let seed = SipHash.Seed.random()
    private let stores = Mutex<[String: Reference]>([:])
    /// The offset from the monotonic clock to the time since 1970, so that windows align to minutes and hours of the
    /// day. Read once, so that adjusting the system clock does not move the windows.
    private let offset: UInt64
    /// How far the clock of the shared store is ahead of this one, in nanoseconds.
    private let shift = Atomic<UInt64>(0)

    package init(unixMilliseconds: Int64, at now: NIODeadline) {
        let unix = UInt64(clamping: unixMilliseconds).multipliedReportingOverflow(by: 1_000_000).partialValue
        self.offset = unix &- now.uptimeNanoseconds
    }

    /// Nanoseconds since 1970 on a clock that never goes back.
    package func time(at now: NIODeadline) -> UInt64 { now.uptimeNanoseconds &+ self.offset }

    /// The time on the clock of the shared store, as far as it is known.
    package func sharedTime(at now: NIODeadline) -> UInt64 {
        self.time(at: now) &+ self.shift.load(ordering: .relaxed)
    }

    /// Takes over the time of the shared store. Differences that a round trip explains are ignored, so that the workers do
    /// not compete for the value.
    package func follow(sharedTime: UInt64, at now: NIODeadline) {
        let difference = sharedTime &- self.sharedTime(at: now)
        guard Int64(bitPattern: difference).magnitude > 100_000_000 else { return }
        self.shift.wrappingAdd(difference, ordering: .relaxed)
    }

    /// The number of tracked keys of all limiters.
    package var keys: Int {
        self.stores.withLock { $0.values.reduce(0) { $0 + ($1.store?.count ?? 0) } }
    }

    /// The store of this name. An existing one gets the new capacity.
    ///
    /// - Parameter name: stores with a different width or different units of time need different names.
    package func store(named name: String, capacity: Int, width: Int) -> MemoryRateLimitStore {
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
