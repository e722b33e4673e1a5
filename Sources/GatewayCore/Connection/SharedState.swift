package import NIOCore
import Synchronization

/// The state that all workers share for the lifetime of the gateway, across reloads: the few counts that must be
/// exact across workers, and the objects of middlewares. Settings that a reload replaces are in `WorkerSettings`.
package final class SharedState: Sendable {
    package let startedAt = NIODeadline.now()
    /// Receives what operators may want to know.
    package let events: any EventSink
    private let connections = Atomic(0)
    private let draining = Atomic(false)
    private let overloaded = Atomic(false)
    private let drain = Mutex(DrainStateMachine())
    /// Shared objects of middlewares, by key. Looked up only when plans are built.
    private let objects = Mutex<[String: any AnyObject & Sendable]>([:])

    package init(events: any EventSink = NoEvents()) { self.events = events }

    package var isDraining: Bool { self.draining.load(ordering: .relaxed) }

    /// Whether new requests are refused, because the process uses too much memory.
    package var isOverloaded: Bool { self.overloaded.load(ordering: .relaxed) }

    package func setOverloaded(_ isOverloaded: Bool) { self.overloaded.store(isOverloaded, ordering: .relaxed) }

    /// Applies a change to the drain. Returns what the drain decided.
    ///
    /// - Parameter change: Called while a lock is held, so that the workers see changes in order.
    package func changeDrain<Outcome>(_ change: (inout DrainStateMachine) -> Outcome) -> Outcome {
        self.drain.withLock { drain in
            let outcome = change(&drain)
            self.draining.store(drain.isDraining, ordering: .relaxed)
            return outcome
        }
    }

    /// Counts a new client connection. Returns false without counting it if there are already `limit` connections.
    func admitConnection(limit: Int) -> Bool {
        let count = self.connections.add(1, ordering: .relaxed).newValue
        if count <= limit { return true }
        self.connections.subtract(1, ordering: .relaxed)
        return false
    }

    func releaseConnection() { self.connections.subtract(1, ordering: .relaxed) }

    /// Returns the object with this key and type, or creates it.
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
