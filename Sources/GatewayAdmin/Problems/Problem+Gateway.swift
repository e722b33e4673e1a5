import GatewayCore
import GatewayEvents
import GatewayRedis
import GatewaySettings
import NIOCore

extension Problem {
    /// All present problems of a gateway.
    static func all(of status: GatewayStatus) async -> [Problem] {
        var problems = self.ofGateway(status)
        let now = Platform.unixMilliseconds()
        problems += (status.certificates?.conditions(at: now / 1000) ?? []).compactMap { self.init($0) }
        problems += status.upstreams.failingNames.map { self.init($0) }
        problems += self.ofUpstreams(status.upstreams)
        problems += RedisNodes.of(status.shared).conditions.compactMap { self.init($0) }
        problems += (status.events?.webhooks.meters.disabled ?? []).map { self.init($0) }
        if let store = status.events?.store.condition, let problem = self.init(store) { problems.append(problem) }
        problems += (await status.events?.alerts.open() ?? []).map { self.init($0) }
        return problems
    }

    private static func ofGateway(_ status: GatewayStatus) -> [Problem] {
        var problems: [Problem] = []
        if status.shared.isDraining {
            let why = status.shared.isEnding ? "it ends" : "new connections go elsewhere until DELETE /drain"
            problems.append(
                Problem(
                    kind: .gateway,
                    subject: "draining",
                    severity: .warning,
                    what: "the gateway is draining",
                    why: why
                )
            )
        }
        if status.shared.hasStalledLoop {
            problems.append(
                Problem(
                    kind: .gateway,
                    subject: "stall",
                    severity: .critical,
                    what: "an event loop does not respond",
                    why: "its requests wait; a middleware may block it"
                )
            )
        }
        if let refusal = status.reloads.lastRefusal {
            problems.append(
                Problem(
                    kind: .configuration,
                    subject: "reload",
                    severity: .warning,
                    what: "an older configuration is running",
                    why: "the last reload was refused: \(refusal.error)",
                    since: refusal.since
                )
            )
        }
        if status.shared.isOverloaded {
            problems.append(
                Problem(
                    kind: .memory,
                    subject: "limit",
                    severity: .critical,
                    what: "new requests get 503",
                    why: "the memory exceeds server.memory_limit"
                )
            )
        }
        return problems
    }

    private init(_ alert: OpenAlert) {
        let labels = alert.labels.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let name = labels.isEmpty ? alert.name : "\(alert.name) (\(labels))"
        self.init(
            kind: .alert,
            subject: alert.name,
            part: labels,
            severity: alert.severity,
            what: "alert \(name) is \(alert.isFlapping ? "flapping" : "firing")",
            why: alert.message,
            since: alert.since
        )
    }

    private init?(_ certificate: CertificateCondition) {
        guard let problem = certificate.problem else { return nil }
        self.init(
            kind: .certificate,
            subject: certificate.name,
            severity: certificate.daysLeft < 0 ? .critical : .warning,
            what: "certificate \(certificate.name) needs attention",
            why: problem
        )
    }

    private init(_ name: FailingName) {
        self.init(
            kind: .name,
            subject: name.name,
            severity: name.addresses == 0 ? .critical : .warning,
            what: "the name \(name.name) cannot be looked up",
            why: "\(name.reason); \(name.rest)",
            since: name.sinceTime
        )
    }

    private init?(_ node: RedisNodes.Condition) {
        guard let problem = node.problem else { return nil }
        self.init(
            kind: .redis,
            subject: node.name,
            severity: .warning,
            what: "Redis at \(node.name) is down",
            why: problem
        )
    }

    private init(_ webhook: WebhookMeters.Disabled) {
        self.init(
            kind: .webhook,
            subject: webhook.webhook,
            severity: .warning,
            what: "webhook \(webhook.webhook) is disabled",
            why: webhook.cause
        )
    }

    private init?(_ store: EventStore.Condition) {
        guard let problem = store.problem else { return nil }
        self.init(
            kind: .events,
            subject: store.path,
            severity: .warning,
            what: "the event store \(store.path) cannot be used",
            why: "\(problem); memory keeps what happens"
        )
    }
}

extension FailingName {
    /// What this means for requests.
    var rest: String {
        self.addresses == 0 ? "no address is known" : "its last known addresses stay in use"
    }

    /// In milliseconds since 1970.
    fileprivate var sinceTime: Int64 {
        Platform.unixMilliseconds() - max(0, (NIODeadline.now() - self.since).nanoseconds / 1_000_000)
    }
}

extension WebhookMeters.Disabled {
    /// Why, as the end of a sentence.
    var cause: String {
        switch self.reason {
        case "gone": "the receiver answered 410"
        case "failing": "all deliveries failed for events.disable_after"
        default: "an operator did it through the admin API"
        }
    }
}
