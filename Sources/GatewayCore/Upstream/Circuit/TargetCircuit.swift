/// The circuit breaker of a target as a whole, as shown to operators: the worst of its addresses.
package struct TargetCircuit: Sendable, Equatable {
    package enum State: String, Sendable {
        case closed
        case halfOpen = "half_open"
        case open

        /// The value of the metric.
        var level: Int {
            switch self {
            case .closed: 0
            case .halfOpen: 1
            case .open: 2
            }
        }
    }

    package var state: State
    /// Why the last request failed. Nil if none has since the circuit closed.
    package var reason: CircuitBreaker.Failure?
    /// Failures in a row.
    package var failures: Int
    /// When the circuit is half open.
    package var nextProbe: EndpointHealth.Moment?

    init(_ breaker: CircuitBreaker) {
        self.failures = breaker.failures
        self.reason = breaker.lastFailure
        switch breaker.state {
        case .closed:
            self.state = .closed
            if breaker.failures == 0 { self.reason = nil }
        case .halfOpen: self.state = .halfOpen
        case .open(let until):
            self.state = .open
            self.nextProbe = until
        }
    }

    /// Returns the worst of several circuits, with the first probe of any of them. Nil if there is none.
    static func worst(of circuits: [TargetCircuit]) -> TargetCircuit? {
        var worst = circuits.max { ($0.state.level, $0.failures) < ($1.state.level, $1.failures) }
        worst?.nextProbe = circuits.compactMap(\.nextProbe).min { $0.now < $1.now }
        return worst
    }
}

extension UpstreamEndpoint {
    package var circuitCondition: TargetCircuit? { self.circuit.breaker.map { TargetCircuit($0) } }
}

extension UpstreamTarget {
    /// Nil if the upstream has no circuit breaker, or no address is known.
    package var circuit: TargetCircuit? { .worst(of: self.endpoints.compactMap(\.circuitCondition)) }
}
