package import GatewayCore
package import GatewaySettings

/// The state of all alerts. Time is an argument, and events are results.
package struct AlertBoard: Sendable {
    /// The maximum number of alerts per rule. Further series are not observed.
    package static let seriesLimit = 1000

    struct Entry: Sendable {
        var rule: AlertRule
        var instances: [AlertLabels: AlertInstance] = [:]
        /// The unit of each value, for messages.
        var units: [AlertLabels: AlertUnit] = [:]
    }

    /// In the order of the configuration.
    var entries: [Entry] = []
    var silences: [String: AlertSilence] = [:]
    var history = AlertHistory()
    /// Whether something worth storing has changed since ``stored()``.
    private(set) var isChanged = false

    package init() {}

    package var rules: [AlertRule] { self.entries.map(\.rule) }

    mutating func stored() { self.isChanged = false }

    mutating func changed() { self.isChanged = true }

    // MARK: Rules

    /// Applies the rules of a configuration. A rule that observes the same as before keeps its alerts.
    ///
    /// - Returns: The ends of alerts whose rule is gone.
    package mutating func apply(_ rules: [AlertRule], at now: AlertMoment) -> [GatewayEvent] {
        var before = Dictionary(self.entries.map { ($0.rule.name, $0) }) { first, _ in first }
        self.entries = rules.map { rule in
            guard let known = before[rule.name], known.rule.observesSame(as: rule) else {
                return Entry(rule: rule, instances: [.none: .unknown(at: now)])
            }
            before[rule.name] = nil
            return Entry(rule: rule, instances: known.instances, units: known.units)
        }
        let names = Set(rules.map(\.name))
        self.silences = self.silences.filter { names.contains($0.key) && $0.value.isActive(at: now) }
        self.isChanged = true
        var events: [GatewayEvent] = []
        for entry in before.values.sorted(by: { $0.rule.name < $1.rule.name }) {
            for (labels, var instance) in entry.instances.sorted(by: { $0.key < $1.key }) where instance.isOpen {
                self.history.add(
                    AlertTransition(
                        alert: entry.rule.name,
                        labels: labels,
                        from: instance.state,
                        to: .resolved,
                        time: now.wall,
                        value: instance.value
                    )
                )
                instance.phase = .resolved
                instance.isFlapping = false
                let notice = instance.notice(
                    isSilenced: self.isSilenced(entry.rule.name, at: now),
                    timing: entry.rule.timing,
                    at: now
                )
                guard notice == .resolved else { continue }
                events.append(
                    entry.rule.event(
                        "alert.resolved",
                        labels,
                        state: .resolved,
                        value: instance.value,
                        unit: entry.units[labels] ?? .none,
                        since: now
                    )
                )
            }
        }
        return events
    }

    // MARK: Evaluation

    /// Notes what a rule's condition says.
    ///
    /// - Parameters:
    ///   - index: Of the rule.
    ///   - isWarm: Whether the readings cover the rule's window.
    /// - Returns: What to publish, and how many series are over the limit.
    mutating func evaluated(
        _ index: Int,
        _ verdicts: AlertTable<AlertEvaluator.Verdict>,
        isWarm: Bool,
        at now: AlertMoment
    ) -> (events: [GatewayEvent], dropped: Int) {
        var entry = self.entries[index]
        var dropped = 0
        var rows = verdicts.rows
        // The alert of a series that is gone is forgotten once it is over and was told.
        entry.instances = entry.instances.filter {
            rows[$0.key] != nil || $0.value.isOpen || $0.value.told != nil || rows.isEmpty && $0.key == .none
        }
        entry.units = entry.units.filter { entry.instances[$0.key] != nil }
        // A rule without any series is an alert without labels that has no data.
        if rows.isEmpty, entry.instances.keys.allSatisfy({ $0 == .none }) {
            rows[.none] = AlertEvaluator.Verdict(holds: nil, value: .nan, unit: .none)
        }
        for labels in rows.keys.sorted() where entry.instances[labels] == nil {
            if entry.instances.count >= Self.seriesLimit {
                dropped += 1
            } else {
                entry.instances[labels] = .unknown(at: now)
            }
        }
        let isSilenced = self.isSilenced(entry.rule.name, at: now)
        var events: [GatewayEvent] = []
        for (labels, instance) in entry.instances.sorted(by: { $0.key < $1.key }) {
            let verdict = rows[labels]
            if let verdict { entry.units[labels] = verdict.unit }
            let (next, event) = self.step(instance, of: entry, labels, verdict, isWarm, isSilenced, at: now)
            if let event { events.append(event) }
            entry.instances[labels] = next
        }
        self.entries[index] = entry
        return (events, dropped)
    }

    private mutating func step(
        _ instance: AlertInstance,
        of entry: Entry,
        _ labels: AlertLabels,
        _ verdict: AlertEvaluator.Verdict?,
        _ isWarm: Bool,
        _ isSilenced: Bool,
        at now: AlertMoment
    ) -> (AlertInstance, GatewayEvent?) {
        var instance = instance
        let timing = entry.rule.timing
        let result = instance.evaluated(
            holds: verdict?.holds,
            value: verdict?.value ?? .nan,
            isWarm: isWarm,
            timing: timing,
            at: now
        )
        if case .changed(let from, let to) = result {
            self.isChanged = true
            self.history.add(
                AlertTransition(
                    alert: entry.rule.name,
                    labels: labels,
                    from: from,
                    to: to,
                    time: now.wall,
                    value: instance.value
                )
            )
        }
        let notice = instance.notice(isSilenced: isSilenced, timing: timing, at: now)
        if notice == .none { return (instance, nil) }
        self.isChanged = true
        let event = entry.rule.event(
            notice == .firing ? "alert.firing" : "alert.resolved",
            labels,
            state: notice == .firing ? instance.state : .resolved,
            value: instance.value,
            unit: entry.units[labels] ?? .none,
            since: instance.since
        )
        return (instance, event)
    }

    /// When the next alert may change without a new value, in nanoseconds of the clock; nil if none does.
    ///
    /// - Parameter last: The last evaluation. What was due by then has waited for data since.
    package func due(after last: Int64) -> Int64? {
        self.entries.lazy.flatMap { entry in
            entry.instances.values.lazy.compactMap { $0.due(timing: entry.rule.timing) }
        }.filter { $0 > last }.min()
    }

    // MARK: Requests of operators

    private func isSilenced(_ name: String, at now: AlertMoment) -> Bool {
        self.silences[name]?.isActive(at: now) ?? false
    }

    func entry(_ name: String) -> Entry? { self.entries.first { $0.rule.name == name } }

    /// The silence of a rule that has not ended.
    package func silence(of name: String, at now: AlertMoment) -> AlertSilence? {
        self.silences[name].flatMap { $0.isActive(at: now) ? $0 : nil }
    }

    package mutating func silence(_ name: String, _ silence: AlertSilence?) {
        self.silences[name] = silence
        self.isChanged = true
    }

    /// An event as if the first alert of the rule fired now; nil if there is no such rule.
    package func test(_ name: String, at now: AlertMoment) -> GatewayEvent? {
        guard let entry = self.entry(name) else { return nil }
        let first = entry.instances.min { $0.key < $1.key }
        let labels = first?.key ?? .none
        return entry.rule.event(
            "alert.firing",
            labels,
            state: .firing,
            value: first?.value.value ?? .nan,
            unit: entry.units[labels] ?? .none,
            since: now,
            isTest: true
        )
    }

    /// The alerts as `GET /alerts` shows them.
    package func json(at now: AlertMoment) -> JSONValue {
        var alerts: [JSONValue] = []
        for entry in self.entries {
            let silence = self.silence(of: entry.rule.name, at: now)
            for (labels, instance) in entry.instances.sorted(by: { $0.key < $1.key }) {
                alerts.append([
                    "name": .string(entry.rule.name),
                    "labels": labels.json,
                    "state": .string(instance.state.rawValue),
                    "value": .alertValue(instance.value),
                    "since": instance.since.json,
                    "severity": .string(entry.rule.severity.rawValue),
                    "silenced_until": silence?.until.json ?? .null,
                ])
            }
        }
        return ["alerts": .array(alerts)]
    }

    /// The last changes, newest last, as `GET /alerts/history` shows them.
    package func historyJSON(limit: Int) -> JSONValue {
        ["history": .array(self.history.transitions.suffix(limit).map(\.json))]
    }

    /// How many alerts of each rule fire, flapping ones too.
    package var firing: [(rule: AlertRule, count: Int)] {
        self.entries.map { ($0.rule, $0.instances.values.count(where: \.isOpen)) }
    }
}
