import Logging
import NIOCore

/// Handling of the endpoint's health in its pool. The first pool that learns that an endpoint is down logs it and
/// runs the background connections, so that all workers together have only one at a time.
extension UpstreamPool {
    /// - Parameter detail: Further text for the log.
    func endpointFailed(_ failure: UpstreamFailure, begun: NIODeadline, detail: String? = nil) {
        // The pool of a client may be gone before the endpoint is back.
        if let origin = self.origin { return origin.endpointFailed(failure, begun: begun, detail: detail) }
        guard case .left(let pause) = self.endpoint.failed(failure, begun: begun) else { return }
        self.report.left(failure, detail)
        self.probe(after: pause)
    }

    func endpointConnected() {
        // Use the event loop's time: a request sent in the same tick must not appear older than the connection.
        guard
            case .returned(let out) = self.endpoint.connected(
                at: EndpointHealth.Moment(now: self.worker.now, time: Platform.unixMilliseconds())
            )
        else { return }
        self.report.returned(after: out)
    }

    var report: EndpointReport {
        EndpointReport(target: self.target, endpoint: self.endpoint, worker: self.worker)
    }

    var logMetadata: Logger.Metadata { self.report.metadata }

    private func probe(after pause: TimeAmount) {
        guard !self.endpoint.isLeaving, !self.isDraining else { return }
        self.probe = self.worker.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.probeNow() }
    }

    /// Opens a connection to check whether the endpoint is back. The outcomes of requests in the meantime count as
    /// well.
    private func probeNow() {
        self.probe = nil
        guard !self.endpoint.isInRotation, !self.endpoint.isLeaving, !self.isDraining else { return }
        self.connector.probe(
            self.endpoint.address,
            self.security,
            on: self.worker.eventLoop,
            timeout: self.connectTimeout
        ) { result in
            self.worker.tick()
            switch result {
            case .success:
                self.meters.connected(.ok)
                self.endpointConnected()
            case .failure(let error):
                let failure = ConnectFailure(error)
                self.meters.connected(failure.result)
                // If the gateway itself lacks resources, the health is unknown and the endpoint stays out.
                let reason = failure.failure ?? .refused
                if let pause = self.endpoint.probeFailed(reason) { self.probe(after: pause) }
            }
        }
    }
}
