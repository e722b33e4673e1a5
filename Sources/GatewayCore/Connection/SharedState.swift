package import NIOCore
import Synchronization

/// What all workers share for as long as the gateway runs, across reloads: the few counts that must be exact over all of
/// them, and what middlewares keep. Settings that a reload replaces are in ``WorkerSettings``.
package final class SharedState: Sendable {
    package let startedAt = NIODeadline.now()
    private let connections = Atomic(0)
    private let draining = Atomic(false)
    /// Objects of middlewares, by key. Looked up when plans are built.
    private let objects = Mutex<[String: any AnyObject & Sendable]>([:])

    package var isDraining: Bool { self.draining.load(ordering: .relaxed) }

    package func startDraining() { self.draining.store(true, ordering: .relaxed) }

    /// Counts a new client connection. Returns false, and does not count it, if there are `limit` connections already.
    func admitConnection(limit: Int) -> Bool {
        let count = self.connections.add(1, ordering: .relaxed).newValue
        if count <= limit { return true }
        self.connections.subtract(1, ordering: .relaxed)
        return false
    }

    func releaseConnection() { self.connections.subtract(1, ordering: .relaxed) }

    /// Returns the object with this key and type, and makes it if there is none.
    package func object<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        self.objects.withLock { objects in
            let key = "\(key):\(Value.self)"
            if let known = objects[key] as? Value { return known }
            let made = make()
            objects[key] = made
            return made
        }
    }
}
