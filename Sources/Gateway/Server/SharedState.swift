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

    /// The rightmost address in `X-Forwarded-For`, or else in `Forwarded`, that is no trusted proxy: what stands left of
    /// it, the client may have made up.
    func clientNamed(by headers: borrowing HeaderBlock) -> ClientAddress? {
        var named: [String] = []
        headers.forEachMember(of: .xForwardedFor) { named.append(String(decoding: $0, as: UTF8.self)) }
        if named.isEmpty {
            headers.forEachMember(of: .forwarded) { element in
                named.append(Self.forNode(String(decoding: element, as: UTF8.self)))
            }
        }
        var last: ClientAddress?
        for text in named.reversed() {
            guard let ip = IPAddress(Self.withoutPort(text)) else { return last }
            let address = ClientAddress(ip)
            last = address
            if !self.isTrusted(address) { return address }
        }
        return last
    }

    /// The `for` parameter of an element of `Forwarded` (RFC 7239 section 4). Empty where a proxy kept to itself whom it
    /// served: that is no address, so what stands left of it is not believed.
    private static func forNode(_ element: String) -> String {
        for pair in element.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].filter(Self.isNoSpace).lowercased() == "for" else { continue }
            return parts[1].filter { $0 != "\"" && Self.isNoSpace($0) }
        }
        return ""
    }

    private static func isNoSpace(_ character: Character) -> Bool { character != " " && character != "\t" }

    private static func withoutPort(_ text: String) -> Substring {
        if text.hasPrefix("[") { return text.dropFirst().prefix { $0 != "]" } }
        let colons = text.utf8.filter { $0 == UInt8(ascii: ":") }.count
        return colons == 1 ? text.prefix { $0 != ":" } : text[...]
    }
}
