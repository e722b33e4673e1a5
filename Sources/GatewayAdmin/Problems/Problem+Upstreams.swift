import GatewayCore
import GatewaySettings

extension Problem {
    /// The problems of upstreams and their targets.
    static func ofUpstreams(_ upstreams: UpstreamRegistry) -> [Problem] {
        let targets = upstreams.targets
        let rejected = upstreams.rejectedFiles
        return upstreams.configuration.sorted { $0.key < $1.key }.flatMap { name, configuration in
            let own = targets[name] ?? []
            var problems = own.flatMap { self.of($0) }
            if !own.isEmpty, !own.contains(where: \.isUp) {
                problems.append(
                    Problem(
                        kind: .upstream,
                        subject: name,
                        severity: .critical,
                        what: "upstream \(name) has no healthy target",
                        why: configuration.required ? "the gateway is not ready" : "its requests fail"
                    )
                )
            }
            if let rejection = rejected[name] {
                problems.append(
                    Problem(
                        kind: .upstream,
                        subject: name,
                        part: "tls",
                        severity: .warning,
                        what: "changed certificates of upstream \(name) are not used",
                        why: rejection
                    )
                )
            }
            return problems
        }
    }

    private static func of(_ target: UpstreamTarget) -> [Problem] {
        var problems: [Problem] = []
        let name = "target \(target.label) of \(target.upstream)"
        let condition = target.condition
        func add(_ kind: Kind, _ severity: EventSeverity, _ what: String, _ why: String, _ since: Int64?) {
            problems.append(
                Problem(
                    kind: kind,
                    subject: target.upstream,
                    part: target.label,
                    severity: severity,
                    what: what,
                    why: why,
                    since: since
                )
            )
        }
        switch condition.state {
        case .down: add(.target, .warning, "\(name) is down", condition.reason ?? "", condition.since.time)
        case .draining where target.isDrained:
            add(.target, .info, "\(name) is drained", "an operator did it", condition.since.time)
        case .draining, .unknown, .up: break
        }
        if let circuit = target.circuit, circuit.state != .closed {
            let reason = circuit.reason.map { "requests failed: \($0)" } ?? "requests failed"
            let state = circuit.state == .open ? "open" : "half open"
            add(.circuit, .warning, "the circuit of \(name) is \(state)", reason, nil)
        }
        return problems
    }
}
