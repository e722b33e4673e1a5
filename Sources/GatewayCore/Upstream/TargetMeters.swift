package import NIOCore

/// The metrics of one target on one event loop, across all of its addresses.
package final class TargetMeters {
    package static let requestsAnswered = MetricDescription(
        "gateway_upstream_requests_total",
        .counter,
        help: "Requests answered by a target.",
        labels: ["upstream", "target", "code"]
    )
    package static let requestDuration = MetricDescription(
        "gateway_upstream_request_duration_seconds",
        .histogram,
        help: "Time from sending a request to a target to the last byte of its response.",
        labels: ["upstream", "target"],
        unit: .seconds
    )
    package static let connections = MetricDescription(
        "gateway_upstream_connections",
        .gauge(.sum),
        help: "Open connections to a target by state: active, idle.",
        labels: ["upstream", "target", "state"]
    )
    package static let connects = MetricDescription(
        "gateway_upstream_connects_total",
        .counter,
        help: "Attempts to connect to a target by result: ok, refused, timeout, tls, error.",
        labels: ["upstream", "target", "result"]
    )
    package static let targetUp = MetricDescription(
        "gateway_upstream_target_up",
        .gauge(.minimum),
        help: "1 while a target is up, else 0.",
        labels: ["upstream", "target"]
    )
    package static let retries = MetricDescription(
        "gateway_upstream_retries_total",
        .counter,
        help: "Requests sent again by reason: connect, reset, timeout, a status, failover, stale. "
            + "Those that the budget refused: budget_exhausted.",
        labels: ["upstream", "reason"]
    )
    package static let queueTime = MetricDescription(
        "gateway_upstream_queue_seconds",
        .histogram,
        help: "Time a request waited for a connection.",
        labels: ["upstream"],
        unit: .seconds
    )

    package static let circuitState = MetricDescription(
        "gateway_circuit_breaker_state",
        .gauge(.maximum),
        help: "State of a target's circuit: 0 closed, 1 half open, 2 open. The worst of its addresses.",
        labels: ["upstream", "target"]
    )
    package static let circuitTransitions = MetricDescription(
        "gateway_circuit_breaker_transitions_total",
        .counter,
        help: "Changes of a target's circuit by new state: open, half_open, closed.",
        labels: ["upstream", "target", "to"]
    )

    package let active: Gauge
    package let idle: Gauge
    package let queue: Histogram
    private let duration: Histogram
    private let up: Gauge
    /// Nil until the upstream has a circuit breaker.
    private var circuit: Gauge?
    private var samplers: [MeterShard.SamplerID] = []
    private let shard: MeterShard
    private let labels: [String]
    private var requests = SeriesCache<Counter>()

    /// How an attempt to connect ended.
    package enum ConnectResult: String {
        case ok, refused, timeout, tls, error
    }

    package init(target: UpstreamTarget, shard: MeterShard) {
        self.shard = shard
        self.labels = [target.upstream, target.label]
        shard.admit(upstream: target.upstream, target: target.label)
        self.active = shard.gauge(Self.connections, self.labels + ["active"])
        self.idle = shard.gauge(Self.connections, self.labels + ["idle"])
        self.queue = shard.histogram(Self.queueTime, [target.upstream])
        self.duration = shard.histogram(Self.requestDuration, self.labels)
        self.up = shard.gauge(Self.targetUp, self.labels)
        let up = self.up
        self.sample { up.set(target.isUp ? 1 : 0) }
        self.sample { [weak self] in self?.sampleCircuit(of: target) }
    }

    /// Runs `body` before each reading, until ``stop()``.
    package func sample(_ body: @escaping () -> Void) { self.samplers.append(self.shard.addSampler(body)) }

    /// Stops updating the gauges. Another cluster updates them from now on.
    package func stop() {
        for sampler in self.samplers { self.shard.removeSampler(sampler) }
        self.samplers = []
    }

    package func answered(status: Int, after duration: TimeAmount) {
        self.requests.meter(for: UInt32(truncatingIfNeeded: status)) {
            self.shard.counter(Self.requestsAnswered, self.labels + [String(status)])
        }.add()
        self.duration.observe(nanoseconds: UInt64(max(0, duration.nanoseconds)))
    }

    package func connected(_ result: ConnectResult) {
        self.shard.counter(Self.connects, self.labels + [result.rawValue]).add()
    }

    private func sampleCircuit(of target: UpstreamTarget) {
        // A reload may have removed the breaker while the circuit was open.
        guard let circuit = target.circuit else {
            self.circuit?.set(0)
            return
        }
        let gauge = self.circuit ?? self.shard.gauge(Self.circuitState, self.labels)
        self.circuit = gauge
        gauge.set(Double(circuit.state.level))
    }

    func circuitChanged(to state: TargetCircuit.State) {
        self.shard.counter(Self.circuitTransitions, self.labels + [state.rawValue]).add()
    }

    func retried(_ reason: String) {
        self.shard.counter(Self.retries, [self.labels[0], reason]).add()
    }
}
