extension ConfigurationWarnings {
    /// Warns about webhooks that anyone could imitate, and about settings without effect.
    func webhooks() -> [ConfigurationError] {
        var warnings: [ConfigurationError] = []
        for (index, webhook) in self.configuration.events.webhooks.enumerated() {
            let path = SettingPath("events", "webhooks") + index
            guard !self.diagnostics.hasFailure(in: self.diagnostics.written(path)) else { continue }
            warnings += self.webhook(webhook, path)
            warnings += self.events(webhook.events, path + "events")
            warnings += self.filter(webhook.filter, path + "filter")
        }
        return warnings
    }

    private func webhook(_ webhook: WebhookConfiguration, _ path: SettingPath) -> [ConfigurationError] {
        var warnings: [ConfigurationError] = []
        if webhook.events.isEmpty, webhook.filter == EventFilterConfiguration() {
            warnings.append(
                warning(
                    .webhookUnfiltered,
                    path,
                    "the webhook receives every event",
                    "add events = [\"alert.*\"], or events = [\"*\"]"
                )
            )
        }
        if webhook.secret.texts.isEmpty, webhook.format == .event || webhook.format == .template {
            warnings.append(
                warning(
                    .webhookUnsigned,
                    path,
                    "without a secret, the receiver cannot tell that events come from this gateway",
                    "add secret = \"${WEBHOOK_SECRET}\""
                )
            )
        }
        if !webhook.routingKey.isEmpty, webhook.format != .pagerduty {
            warnings.append(
                warning(.noEffect, path + "routing_key", "only format = \"pagerduty\" uses the key", "remove it")
            )
        }
        if !webhook.body.isEmpty, webhook.format != .template {
            warnings.append(warning(.noEffect, path + "body", "only format = \"template\" uses the body", "remove it"))
        }
        if webhook.format == .template, let template = try? WebhookTemplate(webhook.body), !template.isJSON,
            ["{\"", "[\"", "[{\""].contains(where: webhook.body.filter { !$0.isWhitespace }.hasPrefix)
        {
            warnings.append(
                warning(
                    .webhookTemplate,
                    path + "body",
                    "the template is not JSON, so it is sent as text",
                    "correct its JSON"
                )
            )
        }
        return warnings
    }

    /// Programs that embed the gateway may publish other events, so these are not errors.
    private func events(_ patterns: [String], _ path: SettingPath) -> [ConfigurationError] {
        let types = self.vocabulary.eventTypes
        if types.isEmpty { return [] }
        let kinds: [String] = Set(types.map { type in String(type.prefix { $0 != "." }) + ".*" }).sorted()
        var warnings: [ConfigurationError] = []
        for (index, pattern) in patterns.enumerated()
        where !types.contains(where: { WebhookConfiguration.pattern(pattern, matches: $0) }) {
            let nearest = NearestName.of(pattern, among: types + kinds)
            warnings.append(
                warning(
                    .unknownName,
                    path + index,
                    "the gateway has no event \(JSONText.quoted(pattern))",
                    "write \(nearest.map { JSONText.quoted($0) } ?? SettingWalker.list(kinds))"
                )
            )
        }
        return warnings
    }

    private func filter(_ filter: EventFilterConfiguration, _ path: SettingPath) -> [ConfigurationError] {
        self.unknown(filter.route, Set(self.configuration.routes.map(\.name)), "route", path)
            + self.unknown(filter.upstream, Set(self.configuration.upstreams.keys), "upstream", path)
            + self.unknown(filter.alert, Set(self.configuration.alerts.map(\.name)), "alert", path)
    }

    private func unknown(
        _ names: [String],
        _ known: Set<String>,
        _ kind: String,
        _ path: SettingPath
    ) -> [ConfigurationError] {
        names.enumerated().filter { !known.contains($0.element) }.map { index, name in
            let nearest = NearestName.of(name, among: known).map { "write \(JSONText.quoted($0))" }
            return warning(
                .unknownName,
                path + kind + index,
                "there is no \(kind) \(JSONText.quoted(name))",
                nearest ?? "remove it, or write the name of one"
            )
        }
    }
}
