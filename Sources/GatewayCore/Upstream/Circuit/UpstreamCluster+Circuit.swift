import NIOCore

extension UpstreamCluster {
    /// Returns an endpoint whose circuit is half open and that this request may probe.
    func chooseProbe(for call: UpstreamCall) -> Int? {
        for case let pool? in self.pools
        where self.rotation.halfOpen.contains(pool.index) && !call.tried.contains(pool.index) {
            if pool.admit(call) { return pool.index }
        }
        return nil
    }

    /// Whether a request may go to an endpoint whose circuit is half open.
    var takesProbe: Bool {
        guard !self.rotation.halfOpen.isEmpty else { return false }
        return self.pools.contains { pool in
            guard let pool, self.rotation.halfOpen.contains(pool.index) else { return false }
            return pool.endpoint.circuit.takesProbe
        }
    }

    /// Returns the error of a request that no endpoint accepts.
    ///
    /// - Parameter reason: Why the name of a target has no address, if one has none.
    func noEndpointLeft(unresolved reason: String?) -> GatewayError {
        var next: NIODeadline?
        for case let pool? in self.pools where !pool.isDraining {
            guard pool.circuit != nil, !pool.endpoint.availability.contains(.drained) else { continue }
            switch pool.endpoint.circuit.breaker?.state {
            case .closed, nil: break
            case .open(let until): next = min(next ?? .distantFuture, until.now)
            case .halfOpen: next = min(next ?? .distantFuture, self.worker.now)
            }
        }
        guard let next else {
            return reason.map { .unresolved(reason: $0) } ?? GatewayError(.noHealthyUpstream, retryAfter: 1)
        }
        let seconds = ((next - self.worker.now).nanoseconds + 999_999_999) / 1_000_000_000
        return GatewayError(.circuitOpen, retryAfter: Int(max(1, seconds)))
    }
}
