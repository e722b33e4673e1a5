import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore
import Synchronization

/// What all workers see: settings that never change while they run, and the few counts that must be exact over all.
final class SharedState: Sendable {
    let startedAt = NIODeadline.now()
    private let trustedBlocks: [CIDR]
    /// Peers on Unix sockets are proxies that are believed.
    let trustsUnixSockets: Bool
    /// A request that lasts longer is logged as a warning; nil for never.
    let slowRequest: TimeAmount?
    private let maxConnections: Int
    private let connections = Atomic(0)
    private let draining = Atomic(false)
    /// What middlewares keep for all loops and over reloads, by key. Looked up when plans are built.
    private let objects = Mutex<[String: any AnyObject & Sendable]>([:])

    init(trustedProxies: [TrustedProxy], slowRequest: TimeAmount?, maxConnections: Int) {
        self.trustedBlocks = trustedProxies.compactMap { if case .block(let block) = $0 { block } else { nil } }
        self.trustsUnixSockets = trustedProxies.contains(.unixSocket)
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

    /// Blocks are compared with the address as it is: an IPv4 address inside of an IPv6 address may be forged.
    func isTrusted(_ address: ClientAddress) -> Bool {
        guard !self.trustedBlocks.isEmpty, let ip = address.ip else { return false }
        return self.trustedBlocks.contains { $0.contains(ip) }
    }

    /// What trusted proxies say of the client.
    enum ForwardedClient {
        /// No proxy says anything.
        case none
        case named(ForwardedElement, ClientAddress)
        /// A trusted proxy keeps its client's address to itself, or it cannot be read: the last one that is named, or nil
        /// for the peer.
        case unnamed(ForwardedElement?, behind: ClientAddress?)
    }

    /// Of `X-Forwarded-For`, or else of `Forwarded`, the rightmost element that names no trusted proxy: what stands left of
    /// it, the client may have made up.
    func client(in headers: borrowing HeaderBlock) -> ForwardedClient {
        var last: (element: ForwardedElement, address: ClientAddress)?
        for element in ForwardedElement.all(in: headers).reversed() {
            guard let address = element.address else { return .unnamed(last?.element, behind: last?.address) }
            last = (element, address)
            if !self.isTrusted(address) { break }
        }
        return last.map { .named($0.element, $0.address) } ?? .none
    }

    /// The client, or the last proxy that is named before it; nil where there is nobody but the peer.
    func clientNamed(by headers: borrowing HeaderBlock) -> ClientAddress? {
        switch self.client(in: headers) {
        case .none: nil
        case .named(_, let address): address
        case .unnamed(_, let proxy): proxy
        }
    }
}
