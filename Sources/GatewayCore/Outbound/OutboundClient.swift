/// Sends requests of the gateway itself to a service, on one event loop. Connections are kept and reused. Redirects are
/// not followed, and a request that may have arrived is not repeated.
package final class OutboundClient {
    private let cluster: UpstreamCluster

    init(to cluster: UpstreamCluster) { self.cluster = cluster }

    /// Sends a request. Call it on the event loop.
    ///
    /// - Parameter completion: Called once on the event loop, possibly before this method returns; not after
    ///   ``OutboundCall/cancel()``.
    @discardableResult
    package func send(
        _ request: OutboundRequest,
        then completion: @escaping OutboundCall.Completion
    ) -> OutboundCall {
        let call = OutboundCall(request, on: self.cluster.worker, completion)
        call.start(to: self.cluster)
        return call
    }
}

@available(*, unavailable)
extension OutboundClient: Sendable {}

extension BuildContext {
    /// Returns the client for a service of ``GatewayConfiguration/services``. Nil if there is none, and while a
    /// configuration with errors is checked.
    package func outboundClient(to service: String) -> OutboundClient? {
        (self.services[service] as? UpstreamCluster).map(OutboundClient.init)
    }
}
