package import GatewaySettings

/// Services that the gateway sends requests to and that change while it runs, such as webhooks. It belongs to the event
/// loop of its worker.
package final class OutboundServices {
    private let worker: Worker
    private let registry: UpstreamRegistry
    private var upstreams: [String: any Upstream] = [:]

    /// - Parameter resolver: Resolves the names of the services.
    package init(on worker: Worker, resolver: NameResolver) {
        self.worker = worker
        self.registry = UpstreamRegistry(GatewayConfiguration(), inProcess: [:])
        self.registry.follow(resolver)
    }

    /// Replaces the services. Those that remain keep their connections.
    package func update(_ services: [String: UpstreamConfiguration]) {
        var configuration = GatewayConfiguration()
        configuration.upstreams = services
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
