import NIOCore

@testable import Gateway

extension UpstreamEndpoint {
    /// Refuses a connection that was tried just now.
    func fail(at moment: EndpointHealth.Moment = .current) {
        _ = self.failed(.refused, begun: moment.now, at: moment)
    }
}
