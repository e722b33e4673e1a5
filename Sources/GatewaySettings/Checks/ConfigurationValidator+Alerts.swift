/// The checks of `[[alerts]]`.
extension ConfigurationValidator {
    /// Enough for every route of a large gateway, and few enough to evaluate every few seconds.
    private static let mostAlerts = 1000
    private static let longest = TimeSpan.hours(24 * 30)

    mutating func alerts() {
        let path = SettingPath("alerts")
        within(
            .milliseconds(100) ... .minutes(5),
            self.configuration.events.evaluate,
            SettingPath("events", "evaluate")
        )
        let alerts = self.configuration.alerts
        if alerts.count > Self.mostAlerts {
            report(path, "\(alerts.count) alerts are too many", "write \(Self.mostAlerts) or fewer")
        }
        var names: Set<String> = []
        for (index, alert) in alerts.enumerated() {
            let place = path + index
            self.name(alert, at: place, among: &names)
            self.condition(alert, at: place)
            within(.seconds(10) ... .hours(1), alert.window, place + "window")
            within(.zero...Self.longest, alert.for, place + "for")
            within(.zero...Self.longest, alert.resolveAfter, place + "resolve_after")
            within(.zero...Self.longest, alert.cooldown, place + "cooldown")
            within(0...1_000_000_000, alert.minRequests, place + "min_requests")
        }
    }

    private mutating func name(_ alert: AlertConfiguration, at place: SettingPath, among names: inout Set<String>) {
        if alert.name.isEmpty {
            reportLacking("name", in: place, "an alert needs a name", "add name = \"error-rate\"")
        } else if !names.insert(alert.name).inserted {
            report(place + "name", "\(JSONText.quoted(alert.name)) is the name of another alert", "choose another name")
        } else if alert.name.utf8.count > 100
            || alert.name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        {
            report(
                place + "name",
                "\(JSONText.quoted(alert.name)) is not a name",
                "choose one of at most 100 bytes without control characters"
            )
        }
    }

    private mutating func condition(_ alert: AlertConfiguration, at place: SettingPath) {
        guard !alert.when.isEmpty else {
            reportLacking("when", in: place, "an alert needs a condition", "add when = \"error_rate > 5%\"")
            return
        }
        do throws(AlertMistake) {
            _ = try AlertParser.condition(alert.when, metrics: self.vocabulary.metrics)
        } catch {
            let path = self.diagnostics.written(place + "when")
            let node = self.configuration.document.root?.node(at: path)
            self.diagnostics.report(
                error.problem,
                suggestion: node?.safe(error.suggestion) ?? error.suggestion,
                path: path,
                at: node?.position(inText: error.offset) ?? self.configuration.document.position(of: path)
            )
        }
    }
}
