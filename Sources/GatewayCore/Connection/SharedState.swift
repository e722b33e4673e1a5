package import NIOCore
import Synchronization

/// The state that all workers share for the lifetime of the gateway, across reloads: the few counts that must be
/// exact across workers, and the objects of middlewares. Settings that a reload replaces are in `WorkerSettings`.
package final class SharedState: Sendable {
    package let startedAt = NIODeadline.now()
    /// Receives what operators may want to know.
    package let events: any EventSink
    package let webSockets = WebSocketRegistry()
    package let consumers = Consumers()
    /// Receives the wrong credentials of clients.
    package let credentialFailures = CredentialFailures()
    /// Receives what is known about requests that failed.
    package let requestReports = RequestReports()
    /// Receives the requests whose spans are kept.
    package let tracedRequests = TracedRequests()
    /// The last requests that failed, broke off or were slow.
    package let keptRequests = KeptRequests()
    private let connections = Atomic(0)
    private let draining = Atomic(false)
    private let overloaded = Atomic(false)
    private let stalled = Atomic(0)
    private let drain = Mutex(DrainStateMachine())
    /// Shared objects of middlewares, by key. Looked up only when plans are built.
    private let objects = Mutex(SharedObjects())

    package init(events: any EventSink = NoEvents()) { self.events = events }

    package var isDraining: Bool { self.draining.load(ordering: .relaxed) }

    /// Whether the gateway drains to end. Unlike a drain on request, it cannot be taken back.
    package var isEnding: Bool { self.drain.withLock { $0.state == .ending } }

    /// Whether new requests are refused, because the process uses too much memory.
    package var isOverloaded: Bool { self.overloaded.load(ordering: .relaxed) }

    package func setOverloaded(_ isOverloaded: Bool) { self.overloaded.store(isOverloaded, ordering: .relaxed) }

    /// Whether an event loop does not respond.
    package var hasStalledLoop: Bool { self.stalled.load(ordering: .relaxed) > 0 }

    func loopStalled() { self.stalled.add(1, ordering: .relaxed) }
    func loopRecovered() { self.stalled.subtract(1, ordering: .relaxed) }

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

    /// Returns the object with this key and type, or creates it. It lives as long as the gateway.
    package func object<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        self.objects.withLock { $0.object(key, isOfPlans: false, make) }
    }

    /// Returns the object with this key and type for a plan, or creates it. It is forgotten when a reload builds no
    /// plan that uses it.
    package func objectOfPlans<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        self.objects.withLock { $0.object(key, isOfPlans: true, make) }
    }

    /// Returns the object with this key and type, as ``objectOfPlans(_:_:)`` does, if there is one.
    package func knownObject<Value: AnyObject & Sendable>(_ key: String, of type: Value.Type) -> Value? {
        self.objects.withLock { $0.known(key, of: type) }
    }

    /// The objects that live until a reload.
    var allObjectsOfPlans: [any AnyObject & Sendable] {
        self.objects.withLock { $0.entries.values.filter(\.isOfPlans).map(\.value) }
    }

    /// Returns the object with this key and type while anything refers to it, or creates it.
    package func objectInUse<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        self.objects.withLock { $0.objectInUse(key, make) }
    }

    /// Call before the plans of a new configuration are built.
    package func willBuildPlans() { self.objects.withLock { $0.round += 1 } }

    /// Forgets the objects that no plan has used since ``willBuildPlans()``. Older plans keep theirs.
    package func forgetUnusedObjects() { self.objects.withLock { $0.forgetUnused() } }

    /// The number of objects that live until a reload.
    var objectsOfPlans: Int { self.objects.withLock { $0.entries.values.count(where: \.isOfPlans) } }
}

/// The objects that middlewares share across workers and reloads, by key.
private struct SharedObjects {
    struct Entry {
        let value: any AnyObject & Sendable
        let isOfPlans: Bool
        /// When a plan last asked for it.
        var round: Int
    }

    struct Reference {
        weak var value: (any AnyObject & Sendable)?
    }

    var entries: [String: Entry] = [:]
    /// Objects that live as long as their users.
    private var references: [String: Reference] = [:]
    /// Increases with each configuration whose plans are built.
    var round = 0

    mutating func object<Value: AnyObject & Sendable>(
        _ key: String,
        isOfPlans: Bool,
        _ make: () -> Value
    ) -> Value {
        if let known = self.known(key, of: Value.self) { return known }
        let made = make()
        self.entries["\(key):\(Value.self)"] = Entry(value: made, isOfPlans: isOfPlans, round: self.round)
        return made
    }

    mutating func known<Value: AnyObject & Sendable>(_ key: String, of type: Value.Type) -> Value? {
        let key = "\(key):\(type)"
        guard let known = self.entries[key]?.value as? Value else { return nil }
        self.entries[key]?.round = self.round
        return known
    }

    mutating func objectInUse<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        let key = "\(key):\(Value.self)"
        if let known = self.references[key]?.value as? Value { return known }
        let made = make()
        self.references[key] = Reference(value: made)
        return made
    }

    mutating func forgetUnused() {
        self.references = self.references.filter { $0.value.value != nil }
        self.entries = self.entries.filter { !$0.value.isOfPlans || $0.value.round == self.round }
    }
}
