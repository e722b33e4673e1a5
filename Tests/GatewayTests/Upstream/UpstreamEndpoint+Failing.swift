import NIOCore

@testable import Gateway
@testable import GatewayCore

extension UpstreamEndpoint {
    /// Fails as if a connection had just been refused.
    func fail(at moment: EndpointHealth.Moment = .current) {
        _ = self.failed(.refused, begun: moment.now, at: moment)
    }
}
