import GatewaySettings

/// The state of alerts as it is stored, with times of the wall clock.
struct StoredAlerts: Codable, Hashable, Sendable {
    var rules: [Rule]
    var silences: [String: Silence]
    var history: [Transition]

    struct Rule: Codable, Hashable, Sendable {
        var name: String
        var when: String
        /// Nanoseconds.
        var window: Int64
        var minRequests: Int
        var severity: String
        var message: String
        var alerts: [Alert]
    }

    struct Alert: Codable, Hashable, Sendable {
        var labels: [String: String]
        var unit: AlertUnit
        /// ``AlertInstance/State``, without flapping.
        var phase: String
        /// When the phase `pending` began, or when `firing` began to be over.
        var phaseSince: Int64?
        var changes: [Int64]
        var isFlapping: Bool
        var since: Int64
        var value: Double?
        var episode: Int
        var told: Int?
        var lastNotice: Int64?
    }

    struct Silence: Codable, Hashable, Sendable {
        var until: Int64
        var comment: String
    }

    struct Transition: Codable, Hashable, Sendable {
        var alert: String
        var labels: [String: String]
        var from: String
        var to: String
        var time: Int64
        var value: Double?
    }
}

// MARK: From the board

extension StoredAlerts {
    init(_ board: AlertBoard) {
        self.rules = board.entries.map { entry in
            let rule = entry.rule
            return Rule(
                name: rule.name,
                when: rule.when,
                window: rule.window,
                minRequests: rule.minRequests,
                severity: rule.severity.rawValue,
                message: rule.text,
                alerts: entry.instances.sorted { $0.key < $1.key }.map { Alert($1, $0, entry.units[$0] ?? .none) }
            )
        }
        self.silences = board.silences.mapValues { Silence(until: $0.until.wall, comment: $0.comment) }
        self.history = board.history.transitions.map { transition in
            Transition(
                alert: transition.alert,
                labels: transition.labels.dictionary,
                from: transition.from.rawValue,
                to: transition.to.rawValue,
                time: transition.time,
                value: transition.value.finite
            )
        }
    }
}

extension StoredAlerts.Alert {
    fileprivate init(_ instance: AlertInstance, _ labels: AlertLabels, _ unit: AlertUnit) {
        self.labels = labels.dictionary
        self.unit = unit
        switch instance.phase {
        case .ok: self.phase = "ok"
        case .noData: self.phase = "no_data"
        case .resolved: self.phase = "resolved"
        case .pending(let since): (self.phase, self.phaseSince) = ("pending", since.wall)
        case .firing(let overSince): (self.phase, self.phaseSince) = ("firing", overSince?.wall)
        }
        self.changes = instance.changes.map(\.wall)
        self.isFlapping = instance.isFlapping
        self.since = instance.since.wall
        self.value = instance.value.finite
        self.episode = instance.episode
        self.told = instance.told
        self.lastNotice = instance.lastNotice?.wall
    }
}

extension Double {
    fileprivate var finite: Double? { self.isFinite ? self : nil }
}

// MARK: To the board

extension AlertBoard {
    /// Takes the place of what was stored, as if it had gone on since. Apply the rules of the configuration afterwards.
    mutating func restore(_ stored: StoredAlerts, at now: AlertMoment) {
        self.entries = stored.rules.compactMap { stored in
            var alert = AlertConfiguration()
            alert.name = stored.name
            alert.when = stored.when
            alert.window = .nanoseconds(stored.window)
            alert.minRequests = stored.minRequests
            alert.severity = EventSeverity(rawValue: stored.severity) ?? .warning
            alert.message = stored.message
            guard let rule = AlertRule(alert, metrics: AlertMetrics(allowsFurther: true)) else { return nil }
            var entry = Entry(rule: rule)
            for alert in stored.alerts.prefix(Self.seriesLimit) {
                let labels = AlertLabels(alert.labels)
                entry.instances[labels] = AlertInstance(alert, at: now)
                entry.units[labels] = alert.unit
            }
            return entry
        }
        self.silences = stored.silences.mapValues {
            AlertSilence(until: AlertMoment(wall: $0.until, at: now), comment: $0.comment)
        }
        for transition in stored.history {
            guard let from = AlertInstance.State(rawValue: transition.from),
                let to = AlertInstance.State(rawValue: transition.to)
            else { continue }
            self.history.add(
                AlertTransition(
                    alert: transition.alert,
                    labels: AlertLabels(transition.labels),
                    from: from,
                    to: to,
                    time: transition.time,
                    value: transition.value ?? .nan
                )
            )
        }
    }
}

extension AlertInstance {
    fileprivate init(_ stored: StoredAlerts.Alert, at now: AlertMoment) {
        func past(_ wall: Int64) -> AlertMoment { AlertMoment(wall: min(wall, now.wall), at: now) }
        let phase: Phase =
            switch stored.phase {
            case "ok": .ok
            case "resolved": .resolved
            case "pending": .pending(since: past(stored.phaseSince ?? now.wall))
            case "firing": .firing(overSince: stored.phaseSince.map(past))
            default: .noData
            }
        self.init(phase: phase, since: past(stored.since))
        self.changes = stored.changes.suffix(Self.mostChanges + 1).map(past)
        self.isFlapping = stored.isFlapping
        self.value = stored.value ?? .nan
        self.episode = stored.episode
        self.told = stored.told
        self.lastNotice = stored.lastNotice.map(past)
    }
}

extension AlertMoment {
    /// A moment of the wall clock, on the clock of this process.
    fileprivate init(wall: Int64, at now: AlertMoment) {
        // Nothing that is stored is further away than a hundred years.
        let limit: Int64 = 100 * 366 * 86_400_000
        self.init(clock: now.clock + min(max(wall - now.wall, -limit), limit) * 1_000_000, wall: wall)
    }
}
