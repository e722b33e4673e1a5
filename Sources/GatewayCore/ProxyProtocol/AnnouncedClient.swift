import GatewayHTTP
import NIOCore

/// A client, as connections to upstreams with `proxy_protocol` announce it. Such a connection serves only this client on
/// one client connection, and closes when it has left.
package final class AnnouncedClient {
    let header: ProxyHeader
    /// The pools of the connections that announce the client, one for each endpoint.
    private var pools: [UpstreamPool] = []
    private(set) var hasLeft = false

    init(_ header: ProxyHeader) { self.header = header }

    /// Returns the pool of an endpoint, or adds the one that `make` creates.
    func pool(of origin: UpstreamPool, _ make: () -> UpstreamPool) -> UpstreamPool {
        if let pool = self.pools.first(where: { $0.origin === origin && !$0.isDraining }) { return pool }
        let pool = make()
        self.pools.append(pool)
        return pool
    }

    /// Forgets a pool that has drained.
    func forget(_ pool: UpstreamPool) { self.pools.removeAll { $0 === pool } }

    /// Closes the connections that announce the client, after their requests.
    func leave() {
        self.hasLeft = true
        let pools = self.pools
        for pool in pools { pool.drain() }
    }
}

@available(*, unavailable)
extension AnnouncedClient: Sendable {}

/// The clients that requests on one client connection come from: its peer, and those that trusted proxies report in
/// forwarding fields.
package final class AnnouncedClients {
    /// How many of them keep their connections. A proxy may forward the requests of any number of clients.
    private static let limit = 16

    /// The ends of the client connection. Nil if it has no addresses.
    private let source: ProxyEndpoint?
    private let destination: ProxyEndpoint?
    private var clients: [(ip: IPAddress?, client: AnnouncedClient)] = []
    private var hasLeft = false

    /// - Parameter header: The PROXY header that the connection began with.
    init(of channel: any Channel, _ header: ProxyHeader?) {
        if case .forwarded(let source, let destination)? = header {
            self.source = source
            self.destination = destination
        } else {
            self.source = ProxyEndpoint(channel.remoteAddress)
            self.destination = ProxyEndpoint(channel.localAddress)
        }
    }

    /// Returns the client with this address, which is the peer's unless a trusted proxy reports another one.
    func client(at address: ClientAddress) -> AnnouncedClient {
        if let index = self.clients.lastIndex(where: { $0.ip == address.ip }) { return self.clients[index].client }
        if self.clients.count == Self.limit { self.clients.removeFirst().client.leave() }
        let client = AnnouncedClient(self.header(for: address.ip))
        if self.hasLeft { client.leave() } else { self.clients.append((address.ip, client)) }
        return client
    }

    private func header(for ip: IPAddress?) -> ProxyHeader {
        guard let ip else { return .unknown }
        // The port of a client that a proxy reports is not known, nor is the address that it connected to.
        let source = ip == self.source?.ip ? self.source : nil
        let unspecified = ip.isIPv6 ? IPAddress(ipv6High: 0, low: 0) : IPAddress(ipv4: 0)
        return .forwarded(
            source: source ?? ProxyEndpoint(ip, port: 0),
            destination: self.destination ?? ProxyEndpoint(unspecified, port: 0)
        )
    }

    /// Called when the client connection has closed.
    func leave() {
        self.hasLeft = true
        let clients = self.clients
        self.clients = []
        for (_, client) in clients { client.leave() }
    }
}

@available(*, unavailable)
extension AnnouncedClients: Sendable {}

extension ProxyEndpoint {
    fileprivate init?(_ address: SocketAddress?) {
        guard let text = address?.ipAddress, let ip = IPAddress(text) else { return nil }
        self.init(ip, port: UInt16(truncatingIfNeeded: address?.port ?? 0))
    }
}
