extension ConfigurationWarnings {
    /// Warns about alerts that cannot fire, or whose notices would say less than they seem to.
    func alerts() -> [ConfigurationError] {
        var warnings: [ConfigurationError] = []
        for (index, alert) in self.configuration.alerts.enumerated() {
            let place = SettingPath("alerts") + index
            guard let condition = try? AlertParser.condition(alert.when, metrics: self.vocabulary.metrics) else {
                continue
            }
            if condition.series.isEmpty {
                warnings.append(
                    warning(
                        .alertCondition,
                        place + "when",
                        "the condition never changes",
                        "compare a measure, as in error_rate > 5%"
                    )
                )
            }
            for series in condition.series {
                for matcher in series.matchers { warnings += self.unknownNames(in: matcher, at: place + "when") }
            }
            if alert.window < self.configuration.events.evaluate {
                warnings.append(
                    warning(
                        .alertCondition,
                        place + "window",
                        "the window is shorter than events.evaluate, so that each evaluation covers more than it",
                        "write \(self.configuration.events.evaluate.settingValue.quoted) or more"
                    )
                )
            }
            warnings += self.placeholders(of: alert, condition, at: place + "message")
        }
        return warnings
    }

    /// Names of routes and upstreams that do not exist.
    private func unknownNames(in matcher: LabelMatcher, at path: SettingPath) -> [ConfigurationError] {
        let names: [String]
        switch matcher.label {
        case "route": names = self.configuration.routes.map(\.name) + ["_none", "_admin", "_csp_reports", "_OTHER"]
        case "upstream": names = Array(self.configuration.upstreams.keys) + Array(self.configuration.services.keys)
        default: return []
        }
        let wanted: [String]
        switch matcher.test {
        case .equal(let name), .notEqual(let name): wanted = [name]
        case .pattern(let pattern): wanted = pattern.literals
        }
        return wanted.filter { !names.contains($0) }.map { name in
            warning(
                .unknownName,
                path,
                "there is no \(matcher.label) \(JSONText.quoted(name))",
                NearestName.of(name, among: names).map { "write '\($0)'" }
                    ?? "write the name of one, or remove the condition"
            )
        }
    }

    private func placeholders(
        of alert: AlertConfiguration,
        _ condition: AlertCondition,
        at path: SettingPath
    ) -> [ConfigurationError] {
        // The labels of metrics of further middlewares are not known.
        guard let labels = condition.labels(self.vocabulary.metrics) else { return [] }
        let names = AlertMessage.names + labels.sorted()
        return AlertMessage(alert.message).placeholders.filter { !names.contains($0) }.map { name in
            let nearest = NearestName.of(name, among: names).map { "{\($0)}" }
            let others = "one of \(names.map { "{\($0)}" }.joined(separator: ", "))"
            return warning(
                .unknownName,
                path,
                "{\(name)} has no value in this alert",
                "write \(nearest ?? others), or {{\(name)}} for the text"
            )
        }
    }
}
