import GatewaySettings
import Logging
import NIOCore

/// The circuit breaker of the endpoint in its pool: it admits the requests and judges each by its outcome.
extension UpstreamPool {
    /// What a pool has to know of the settings of the circuit breaker.
    struct CircuitSettings {
        let statuses: FailureStatuses
        /// The length of a slot in which successes are counted, in nanoseconds.
        let slotWidth: UInt64

        init(_ configuration: CircuitBreakerConfiguration) {
            self.statuses = FailureStatuses(configuration.statuses)
            self.slotWidth = RecentOutcomes.width(of: TimeAmount(configuration.window))
        }
    }

    /// Begins a try of the call at this endpoint.
    ///
    /// - Returns: False if the circuit does not admit it.
    func admit(_ call: UpstreamCall) -> Bool {
        guard self.circuit != nil else { return true }
        switch self.endpoint.circuit.request() {
        case .admitted(let number): call.begin(try: number)
        case .probe(let number):
            call.begin(try: number)
            call.probe = CircuitProbe(circuit: self.endpoint.circuit, number: number)
        case .refused: return false
        }
        return true
    }

    /// Judges a try by the head of its response.
    func judge(_ call: UpstreamCall, status: Int) {
        guard let circuit = self.circuit, let number = call.circuitNumber else { return }
        if circuit.statuses.contains(status) { return self.failed(call, .status(status)) }
        self.changed(self.endpoint.circuit.succeeded(number, at: self.worker.now, slotsOf: circuit.slotWidth))
        call.endTry()
    }

    /// Judges a try that got no response.
    ///
    /// - Parameter failure: Nil if the endpoint is not at fault.
    func judge(_ call: UpstreamCall, _ failure: UpstreamFailure?) {
        guard let failure, self.circuit != nil else { return }
        self.failed(call, .upstream(failure))
    }

    private func failed(_ call: UpstreamCall, _ failure: CircuitBreaker.Failure) {
        guard let number = call.circuitNumber else { return }
        self.changed(self.endpoint.circuit.failed(number, failure, at: self.worker.now))
        call.endTry()
    }

    // MARK: Changes

    /// Reports a change of the circuit. Only the caller that made the change calls this.
    private func changed(_ outcome: CircuitBreaker.OnOutcome) {
        switch outcome {
        case .unchanged: break
        case .opened(let pause): self.opened(for: pause)
        case .closed:
            self.worker.log.notice("circuit closed", metadata: self.logMetadata)
            self.report("circuit.closed", .closed, .info)
        }
    }

    private func opened(for pause: TimeAmount) {
        guard let breaker = self.endpoint.circuit.breaker else { return }
        var metadata = self.logMetadata
        let total = breaker.total(at: self.worker.now)
        metadata["reason"] = "\(breaker.lastFailure?.description ?? "")"
        metadata["failures"] = "\(breaker.failures)"
        metadata["window"] = "\(total.failures) of \(total.successes + total.failures)"
        metadata["open_ms"] = "\(pause.nanoseconds / 1_000_000)"
        self.worker.log.warning("circuit opened", metadata: metadata)
        self.report(
            "circuit.opened",
            .open,
            .warning,
            [
                "reason": .string(breaker.lastFailure?.description ?? ""),
                "failures": .integer(breaker.failures),
                "window_requests": .integer(total.successes + total.failures),
                "window_failures": .integer(total.failures),
                "open_ms": .integer(Int(pause.nanoseconds / 1_000_000)),
            ]
        )
        let number = breaker.number
        // The task outlives the pool, because other workers rely on it.
        self.worker.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            guard case .halfOpen = self.endpoint.circuit.waited(number) else { return }
            self.report("circuit.half_open", .halfOpen, .info)
        }
    }

    private func report(
        _ type: String,
        _ state: TargetCircuit.State,
        _ severity: EventSeverity,
        _ counts: [String: JSONValue] = [:]
    ) {
        self.meters.circuitChanged(to: state)
        var data = counts
        data["upstream"] = .string(self.target.upstream)
        data["target"] = .string(self.target.label)
        data["address"] = .string(self.endpoint.label)
        let event = GatewayEvent(type, severity, topic: "upstreams.\(self.target.upstream)", data)
        self.worker.events.publish(event)
    }
}
