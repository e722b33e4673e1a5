import GatewaySettings
import Logging
import NIOCore

/// Reports that an endpoint went down or is up again, in the log and as events.
struct EndpointReport {
    let target: UpstreamTarget
    let endpoint: UpstreamEndpoint
    let worker: Worker

    var metadata: Logger.Metadata {
        [
            "upstream": "\(self.target.upstream)", "target": "\(self.target.label)",
            "address": "\(self.endpoint.label)",
        ]
    }

    private func publish(_ type: String, _ severity: EventSeverity, _ data: [String: JSONValue]) {
        let whole: [String: JSONValue] = [
            "upstream": .string(self.target.upstream), "target": .string(self.target.label),
            "address": .string(self.endpoint.label),
        ]
        let topic = "upstreams.\(self.target.upstream)"
        let event = GatewayEvent(type, severity, topic: topic, whole.merging(data) { _, new in new })
        self.worker.events.publish(event)
    }

    // MARK: Requests

    // With health checks, only they decide which events there are. An endpoint that fails one request and is back a
    // second later is news in the log.

    /// Reports that a request found the endpoint unreachable.
    func left(_ failure: UpstreamFailure, _ detail: String? = nil) {
        var metadata = self.metadata
        metadata["reason"] = "\(failure.rawValue)"
        metadata["detail"] = detail.map { "\($0)" }
        self.worker.log.warning("upstream target is down", metadata: metadata)
        if self.endpoint.pollResults != nil { return }
        self.publish(
            "upstream.down",
            .warning,
            ["reason": .string(failure.rawValue), "consecutive_successes": 0, "consecutive_failures": 1]
        )
    }

    /// Reports that the endpoint is reachable again.
    func returned(after out: TimeAmount) {
        var metadata = self.metadata
        metadata["down_ms"] = "\(Self.milliseconds(out))"
        self.worker.log.notice("upstream target is up again", metadata: metadata)
        if self.endpoint.pollResults != nil { return }
        self.publish(
            "upstream.up",
            .info,
            ["down_ms": .integer(Self.milliseconds(out)), "consecutive_successes": 1, "consecutive_failures": 0]
        )
    }

    // MARK: Health checks

    /// Reports the verdict of a health check.
    ///
    /// - Parameter before: The results before it.
    func polled(_ verdict: PolledHealth.OnResult, before: EndpointPolling?, at moment: EndpointHealth.Moment) {
        guard verdict != .unchanged, let results = self.endpoint.pollResults else { return }
        var metadata = self.metadata
        var data: [String: JSONValue] = [
            "consecutive_successes": .integer(results.health.successes),
            "consecutive_failures": .integer(results.health.failures),
        ]
        let reason = (verdict == .wentDown ? results : before)?.failure?.reason
        data["reason"] = reason.map { .string($0) }
        switch verdict {
        case .unchanged: break
        case .confirmed: self.worker.log.debug("upstream target is up: its health check succeeded", metadata: metadata)
        case .wentDown:
            metadata["reason"] = reason.map { "\($0)" }
            metadata["detail"] = results.failure?.detail.map { "\($0)" }
            metadata["failures"] = "\(results.health.failures)"
            self.worker.log.warning("upstream target is down: its health checks fail", metadata: metadata)
            self.publish("upstream.down", .warning, data)
        case .recovered:
            let out = before.map { moment.now - $0.health.since.now } ?? .zero
            metadata["down_ms"] = "\(Self.milliseconds(out))"
            data["down_ms"] = .integer(Self.milliseconds(out))
            self.worker.log.notice("upstream target is up again: its health checks succeed", metadata: metadata)
            self.publish("upstream.up", .info, data)
        }
    }

    private static func milliseconds(_ amount: TimeAmount) -> Int { Int(amount.nanoseconds / 1_000_000) }
}
