package import GatewayHTTP
package import GatewaySettings

/// Services that the gateway sends requests to and that change while it runs, such as webhooks. It belongs to the event
/// loop of its worker.
package final class OutboundServices {
    private let worker: Worker
    private let registry: UpstreamRegistry
    private let addresses: AddressPolicy
    private var upstreams: [String: any Upstream] = [:]

    /// - Parameters:
    ///   - resolver: Resolves the names of the services.
    ///   - addresses: The addresses that are connected to. A name is judged by the address that a connection uses, so it
    ///     cannot change in between.
    package init(on worker: Worker, resolver: NameResolver, addresses: AddressPolicy = .all) {
        self.worker = worker
        self.registry = UpstreamRegistry(GatewayConfiguration(), inProcess: [:])
        self.addresses = addresses
        self.registry.follow(resolver, addresses: addresses)
    }

    /// Replaces the services. Those that remain keep their connections. Those with an address that is not allowed are left
    /// out.
    package func update(_ services: [String: UpstreamConfiguration]) {
        var configuration = GatewayConfiguration()
        configuration.upstreams = services.filter { service in
            service.value.targets.allSatisfy { target in
                target.url.hostAndPort.map { self.addresses.judge(host: $0.host) == .allowed } ?? true
            }
        }
        let change = self.registry.prepare(configuration)
        self.registry.apply(change)
        self.upstreams = self.registry.makeUpstreams(for: self.worker, updating: self.upstreams)
        change.retireTargets()
    }

    /// Returns the client for a service; nil if there is none.
    package func client(to service: String) -> OutboundClient? {
        (self.upstreams[service] as? UpstreamCluster).map(OutboundClient.init)
    }

    /// Ends the services. Requests in progress finish.
    package func stop() { self.update([:]) }
}

@available(*, unavailable)
extension OutboundServices: Sendable {}
