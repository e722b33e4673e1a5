import GatewaySettings
import Logging
import NIOCore

/// Reports the verdicts of health checks, in the log and as events.
struct PollReport {
    private let target: UpstreamTarget
    private let endpoint: UpstreamEndpoint
    /// The results before the poll that brought the verdict.
    private let before: EndpointPolling?
    private let worker: Worker

    init(_ target: UpstreamTarget, _ endpoint: UpstreamEndpoint, before: EndpointPolling?, on worker: Worker) {
        self.target = target
        self.endpoint = endpoint
        self.before = before
        self.worker = worker
    }

    func tell(_ verdict: PolledHealth.OnResult, at moment: EndpointHealth.Moment) {
        guard let now = self.endpoint.pollResults else { return }
        var metadata: Logger.Metadata = [
            "upstream": "\(self.target.upstream)", "target": "\(self.target.label)",
            "address": "\(self.endpoint.label)",
        ]
        var data: [String: JSONValue] = [
            "upstream": .string(self.target.upstream), "target": .string(self.target.label),
            "address": .string(self.endpoint.label),
            "consecutive_successes": .integer(now.health.successes),
            "consecutive_failures": .integer(now.health.failures),
        ]
        switch verdict {
        case .unchanged: return
        case .confirmed: self.worker.log.debug("upstream target is up: its health check succeeded", metadata: metadata)
        case .recovered:
            let down = self.before.map { moment.now - $0.health.since.now } ?? .zero
            metadata["down_ms"] = "\(down.nanoseconds / 1_000_000)"
            data["down_ms"] = .integer(Int(down.nanoseconds / 1_000_000))
            data["reason"] = self.before?.failure.map { .string($0.reason) }
            self.worker.log.notice("upstream target is up again: its health checks succeed", metadata: metadata)
            self.publish("upstream.up", .info, data)
        case .wentDown:
            let reason = now.failure?.reason ?? ""
            metadata["reason"] = "\(reason)"
            data["reason"] = .string(reason)
            self.worker.log.warning("upstream target is down: its health checks fail", metadata: metadata)
            self.publish("upstream.down", .warning, data)
        }
    }

    private func publish(_ type: String, _ severity: GatewayEvent.Severity, _ data: [String: JSONValue]) {
        let topic = "upstreams.\(self.target.upstream)"
        self.worker.shared.events.publish(GatewayEvent(type, severity, topic: topic, data))
    }
}
