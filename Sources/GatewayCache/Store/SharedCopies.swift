import GatewayHTTP
import Synchronization

/// Keeps one copy of values that very many responses have in common.
final class SharedCopies<Value: Hashable & Sendable>: Sendable {
    private let copies = Mutex<Set<Value>>([])
    private let maximumCount: Int

    init(maximumCount: Int) { self.maximumCount = maximumCount }

    /// Returns the copy of a value. Beyond the maximum, values are their own copies.
    func copy(of value: Value) -> Value {
        self.copies.withLock { copies in
            if let place = copies.firstIndex(of: value) { return copies[place] }
            if copies.count < self.maximumCount { copies.insert(value) }
            return value
        }
    }
}
