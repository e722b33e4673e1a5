import Logging
import NIOCore

/// What the pool learns of its endpoint's health. Whoever learns first that an endpoint is out says so in the log and sees to
/// the background connections, so that there is one at a time over all workers.
extension UpstreamPool {
    func endpointFailed(_ failure: UpstreamFailure, begun: NIODeadline) {
        guard case .left(let pause) = self.endpoint.failed(failure, begun: begun) else { return }
        var metadata = self.logMetadata
        metadata["reason"] = "\(failure.rawValue)"
        self.worker.log.warning("upstream target is down", metadata: metadata)
        self.probe(after: pause)
    }

    func endpointConnected() {
        // By the loop's own clock: a request that is sent in this very turn must not look older than the connection.
        guard
            case .returned(let out) = self.endpoint.connected(
                at: EndpointHealth.Moment(now: self.worker.now, time: Platform.unixMilliseconds())
            )
        else { return }
        var metadata = self.logMetadata
        metadata["down_ms"] = "\(out.nanoseconds / 1_000_000)"
        self.worker.log.notice("upstream target is up again", metadata: metadata)
    }

    private var logMetadata: Logger.Metadata {
        [
            "upstream": "\(self.target.upstream)", "target": "\(self.target.label)",
            "address": "\(self.endpoint.label)",
        ]
    }

    private func probe(after pause: TimeAmount) {
        guard !self.endpoint.isLeaving, !self.isDraining else { return }
        self.probe = self.worker.eventLoop.assumeIsolated().scheduleTask(in: pause) { self.probeNow() }
    }

    /// Connects only to see whether it can. What a request finds out meanwhile counts as well.
    private func probeNow() {
        self.probe = nil
        guard !self.endpoint.isInRotation, !self.endpoint.isLeaving, !self.isDraining else { return }
        self.connector.probe(self.endpoint, on: self.worker.eventLoop, timeout: self.connectTimeout) { result in
            self.worker.tick()
            switch result {
            case .success:
                self.meters.connected(.ok)
                self.endpointConnected()
            case .failure(let error):
                let failure = ConnectFailure(error)
                self.meters.connected(failure.result)
                // If the gateway itself lacks resources, nothing is known: the endpoint stays out.
                let reason = failure.failure ?? .refused
                if let pause = self.endpoint.probeFailed(reason) { self.probe(after: pause) }
            }
        }
    }
}
