import GatewayHTTP

extension ConfigurationValidator {
    mutating func webhooks() {
        let events = configuration.events
        let path = SettingPath("events")
        for (index, wait) in events.retry.enumerated() {
            within(.milliseconds(1)...(.hours(24 * 30)), wait, path + "retry" + index)
        }
        if events.retry.count > 100 {
            report(path + "retry", "\(events.retry.count) waits are too many", "write 100 or fewer")
        }
        within(.seconds(1)...(.hours(24 * 365)), events.disableAfter, path + "disable_after")
        var ids: Set<String> = []
        for (index, webhook) in events.webhooks.enumerated() {
            let place = path + "webhooks" + index
            self.webhook(webhook, place)
            guard !webhook.name.isEmpty, !ids.insert(webhook.name).inserted else { continue }
            let problem = "another webhook has the ID \(JSONText.quoted(webhook.name)) too"
            if webhook.id.isEmpty {
                report(place, problem, "add id = \(JSONText.quoted(webhook.name + "-2"))")
            } else {
                report(place + "id", problem, "write another ID")
            }
        }
    }

    /// Checks a webhook of the file or of the API.
    package mutating func webhook(_ webhook: WebhookConfiguration, _ path: SettingPath) {
        if !webhook.id.isEmpty, !WebhookConfiguration.isID(webhook.id) {
            report(
                path + "id",
                "\(JSONText.quoted(webhook.id)) is not an ID",
                "use up to 253 letters, digits, \"-\", \"_\", \".\" and \":\""
            )
        }
        if webhook.url == .missing {
            let example =
                webhook.format == .pagerduty
                ? "https://events.pagerduty.com/v2/enqueue" : "https://hooks.example/gateway"
            reportLacking("url", in: path, "there is no URL to post to", "add url = \(JSONText.quoted(example))")
        } else if let problem = webhook.url.webhookProblem(configuration.events.addresses) {
            report(path + "url", problem.problem, problem.suggestion)
        }
        for (index, text) in webhook.secret.texts.enumerated() {
            let place = path + "secret"
            do throws(SettingError) {
                _ = try WebhookSecret(text)
            } catch {
                report(webhook.secret.texts.count > 1 ? place + index : place, error.problem, error.suggestion)
            }
        }
        if webhook.secret.texts.count > 10 {
            report(path + "secret", "\(webhook.secret.texts.count) secrets are too many", "keep at most 10")
        }
        for (index, pattern) in webhook.events.enumerated() where !WebhookConfiguration.isEventPattern(pattern) {
            report(
                path + "events" + index,
                "\(JSONText.quoted(pattern)) is not a type of events",
                "write a type such as \"upstream.down\", \"upstream.*\" or \"*\""
            )
        }
        self.format(of: webhook, path)
        requestFields(webhook.headers, path + "headers", reserved: Self.ofWebhooks)
        within(.milliseconds(100)...(.minutes(5)), webhook.timeout, path + "timeout")
    }

    private mutating func format(of webhook: WebhookConfiguration, _ path: SettingPath) {
        switch webhook.format {
        case .pagerduty where webhook.routingKey.isEmpty:
            reportLacking(
                "routing_key",
                in: path,
                "PagerDuty accepts no event without the key of an integration",
                "add routing_key = \"${PAGERDUTY_KEY}\""
            )
        case .template where webhook.body.isEmpty:
            reportLacking("body", in: path, "there is no template", "add body = \"{severity} {type}\"")
        case .template:
            do throws(SettingError) {
                _ = try WebhookTemplate(webhook.body)
            } catch {
                report(path + "body", error.problem, error.suggestion)
            }
        case .event, .slack, .discord, .pagerduty: break
        }
        if webhook.body.utf8.count > 64 * 1024 {
            report(path + "body", "the template is longer than 64 KiB", "shorten it")
        }
    }

    /// What frames a request, and what signs it.
    private static let ofWebhooks: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te", "trailer",
        "upgrade",
        "http2-settings", "expect", "webhook-id", "webhook-timestamp", "webhook-signature",
    ]
}
