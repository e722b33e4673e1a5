import GatewayHTTP1
import NIOCore
import Synchronization

/// What all workers see: settings that never change while they run, and the few counts that must be exact over all.
final class SharedState: Sendable {
    let startedAt = NIODeadline.now()
    let trustedProxies: [CIDR]
    /// A request that lasts longer is logged as a warning; nil for never.
    let slowRequest: TimeAmount?
    private let maxConnections: Int
    private let connections = Atomic(0)
    private let draining = Atomic(false)
    /// What middlewares keep for all loops and over reloads, by key. Looked up when plans are built.
    private let objects = Mutex<[String: any AnyObject & Sendable]>([:])

    init(trustedProxies: [CIDR], slowRequest: TimeAmount?, maxConnections: Int) {
        self.trustedProxies = trustedProxies
        self.slowRequest = slowRequest
        self.maxConnections = maxConnections
    }

    var isDraining: Bool { self.draining.load(ordering: .relaxed) }

    func startDraining() { self.draining.store(true, ordering: .relaxed) }

    /// Counts a client connection in; false where there are too many, and it was not counted.
    func admitConnection() -> Bool {
        let count = self.connections.add(1, ordering: .relaxed).newValue
        if count <= self.maxConnections { return true }
        self.connections.subtract(1, ordering: .relaxed)
        return false
    }

    func object<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        self.objects.withLock { objects in
            let key = "\(key):\(Value.self)"
            if let known = objects[key] as? Value { return known }
            let made = make()
            objects[key] = made
            return made
        }
    }

    func releaseConnection() { self.connections.subtract(1, ordering: .relaxed) }

    func isTrusted(_ address: ClientAddress) -> Bool {
        guard let ip = address.ip else { return false }
        return self.trustedProxies.contains { $0.contains(ip) }
    }

    /// Of `X-Forwarded-For`, or else of `Forwarded`, the rightmost element that names no trusted proxy: what stands left of
    /// it, the client may have made up.
    func elementOfClient(in headers: borrowing HeaderBlock) -> (ForwardedElement, ClientAddress)? {
        var elements: [ForwardedElement] = []
        headers.forEachMember(of: .xForwardedFor) {
            elements.append(ForwardedElement(node: String(decoding: $0, as: UTF8.self)))
        }
        if elements.isEmpty {
            headers.forEachMember(of: .forwarded) {
                elements.append(ForwardedElement(String(decoding: $0, as: UTF8.self)))
            }
        }
        var last: (ForwardedElement, ClientAddress)?
        for element in elements.reversed() {
            guard let address = element.address else { return last }
            last = (element, address)
            if !self.isTrusted(address) { return last }
        }
        return last
    }

    /// The address of that element.
    func clientNamed(by headers: borrowing HeaderBlock) -> ClientAddress? { self.elementOfClient(in: headers)?.1 }
}
