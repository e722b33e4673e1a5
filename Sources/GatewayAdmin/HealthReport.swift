import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewayRedis
import GatewaySettings

/// The health of the gateway, in the format of `application/health+json`.
struct HealthReport: Sendable {
    enum Status: String, Comparable, Sendable {
        case pass, warn, fail

        private var weight: Int {
            switch self {
            case .pass: 0
            case .warn: 1
            case .fail: 2
            }
        }

        static func < (left: Status, right: Status) -> Bool { left.weight < right.weight }
    }

    /// One observation of one component.
    struct Check: Sendable {
        /// `component`, `datastore` or `system`.
        var componentType = "component"
        /// Identifies one of several components of a kind.
        var componentID: String?
        package var status = Status.pass
        var observed: JSONValue?
        var unit: String?
        /// What is wrong, as a sentence.
        var output: String?
        /// Further values of this kind of component.
        var values: [String: JSONValue] = [:]
    }

    private(set) var checks: [String: [Check]] = [:]

    /// The worst of the checks.
    package var status: Status { self.checks.values.joined().map(\.status).max() ?? .pass }

    mutating func add(_ check: Check, to name: String) { self.checks[name, default: []].append(check) }

    /// The JSON object, with the verdict first.
    ///
    /// - Parameters:
    ///   - uptime: in seconds.
    ///   - second: since 1970.
    func json(uptime: Int, second: Int64) -> JSONValue {
        let time = CivilTime.rfc3339(milliseconds: second * 1000)
        return [
            "status": .string(self.status.rawValue),
            "version": .string(GatewayVersion.current),
            "uptime_seconds": .integer(uptime),
            "checks": .sorted(self.checks.mapValues { .array($0.map { $0.json(time: time) }) }),
        ]
    }
}

extension HealthReport.Check {
    fileprivate func json(time: String) -> JSONValue {
        var entries = self.values
        entries["componentType"] = .string(self.componentType)
        entries["componentId"] = self.componentID.map { .string($0) }
        entries["status"] = .string(self.status.rawValue)
        entries["observedValue"] = self.observed
        entries["observedUnit"] = self.unit.map { .string($0) }
        entries["output"] = self.output.map { .string($0) }
        entries["time"] = .string(time)
        return .sorted(entries)
    }
}

extension HealthReport {
    /// The gateway and its upstreams.
    init(_ status: GatewayStatus) {
        if status.shared.isDraining {
            self.add(Check(status: .fail, output: "draining"), to: "gateway:draining")
        }
        if let error = status.reloads.lastError {
            let check = Check(status: .warn, output: "the last reload was refused: \(error)")
            self.add(check, to: "gateway:configuration")
        }
        if status.shared.isOverloaded {
            let check = Check(
                componentType: "system",
                status: .warn,
                output: "the memory exceeds server.memory_limit; new requests get 503"
            )
            self.add(check, to: "memory:limit")
        }
        for certificate in status.certificates?.conditions(at: Platform.unixMilliseconds() / 1000) ?? [] {
            self.add(Check(certificate), to: "certificate:\(certificate.name)")
        }
        for failing in status.upstreams.failingNames { self.add(Check(failing), to: "name:\(failing.name)") }
        for node in RedisNodes.of(status.shared).conditions { self.add(Check(node), to: "redis:\(node.name)") }
        for webhook in status.events?.webhooks.meters.disabled ?? [] {
            self.add(Check(webhook), to: "webhook:\(webhook.webhook)")
        }
        if let store = status.events?.store.condition, let problem = store.problem {
            self.add(Check(store, problem), to: "events:store")
        }
        let upstreams = status.upstreams
        for (name, configuration) in upstreams.configuration {
            let targets = upstreams.targets[name] ?? []
            var check = Check(unit: "healthy targets")
            if targets.isEmpty {
                // An in-process upstream has no targets.
                check.observed = 1
            } else {
                let healthy = targets.count(where: \.isUp)
                check.observed = .integer(healthy)
                if healthy == 0, configuration.required {
                    check.status = .fail
                } else if healthy < targets.count {
                    check.status = .warn
                }
                var problems: [String] = []
                if check.status != .pass { problems.append("healthy targets: \(healthy) of \(targets.count)") }
                let open = targets.filter { $0.circuit?.state == .open }.map(\.label)
                if !open.isEmpty {
                    check.status = max(check.status, .warn)
                    problems.append("open circuits: \(open.joined(separator: ", "))")
                }
                if let rejection = upstreams.rejectedFiles[name] {
                    check.status = max(check.status, .warn)
                    problems.append("changed certificates are not used: \(rejection)")
                }
                if !problems.isEmpty { check.output = problems.joined(separator: "; ") }
            }
            self.add(check, to: "upstream:\(name)")
        }
    }
}

extension HealthReport.Check {
    fileprivate init(_ certificate: CertificateCondition) {
        self.init(observed: .integer(certificate.daysLeft), unit: "days left")
        self.output = certificate.problem
        if certificate.problem != nil { self.status = .warn }
    }

    fileprivate init(_ node: RedisNodes.Condition) {
        self.init(componentType: "datastore", componentID: node.name)
        self.observed = .integer(node.connected)
        self.unit = "connected workers"
        self.values["workers"] = .integer(node.workers)
        self.values["state"] = .string(node.isUp ? "up" : "down")
        guard let problem = node.problem else { return }
        self.status = .warn
        self.output = "down: \(problem)"
    }

    fileprivate init(_ webhook: WebhookMeters.Disabled) {
        self.init(componentID: webhook.webhook, status: .warn)
        self.values["reason"] = .string(webhook.reason)
        self.output = "disabled: \(webhook.cause)"
    }

    fileprivate init(_ store: EventStore.Condition, _ problem: SQLiteError) {
        self.init(componentType: "datastore", componentID: store.path, status: .warn)
        self.output = "the event store cannot be used, and memory keeps what happens: \(problem)"
    }

    fileprivate init(_ name: FailingName) {
        self.init(status: .warn, observed: .integer(name.addresses), unit: "addresses in use")
        self.output = "the name cannot be looked up: \(name.reason); \(name.rest)"
    }
}
