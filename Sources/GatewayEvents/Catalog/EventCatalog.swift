package import GatewayCore
import GatewaySettings

/// All events that the gateway publishes.
package enum EventCatalog {
    package static let all = upstreams + configuration + gateway + routes + alerts

    private static let byType = Dictionary(uniqueKeysWithValues: all.map { ($0.type, $0) })

    package static func description(of type: String) -> EventDescription? { self.byType[type] }

    /// What an event of the gateway has that it should not, or lacks; empty if it is as described.
    package static func deviations(of event: GatewayEvent) -> [String] {
        self.description(of: event.type)?.deviations(of: event) ?? ["unknown type \(event.type)"]
    }

    // MARK: Upstreams

    private static let target: [EventDescription.Field] = [
        .string("upstream", "the upstream"),
        .string("target", "the target, as the metrics call it"),
        .string("address", "the address of the target"),
    ]

    private static let polls: [EventDescription.Field] = [
        .integer("consecutive_failures", "the failed requests or health checks in a row"),
        .integer("consecutive_successes", "the successful ones in a row"),
    ]

    private static let upstreams: [EventDescription] = [
        EventDescription(
            type: "upstream.down",
            topic: "upstreams.NAME",
            severities: [.warning],
            when:
                "An address of a target gets no more requests, because it cannot be reached or its health checks fail.",
            fields: target + polls + [.string("reason", "why: `refused`, `timeout`, `status 503` …", isOptional: true)]
        ),
        EventDescription(
            type: "upstream.up",
            topic: "upstreams.NAME",
            severities: [.info],
            when: "It gets requests again.",
            fields: target + polls + [
                .integer("down_ms", "how long it was down, in milliseconds"),
                .string("reason", "why it was down", isOptional: true),
            ]
        ),
        EventDescription(
            type: "circuit.opened",
            topic: "upstreams.NAME",
            severities: [.warning],
            when: "A circuit breaker keeps requests from an address that fails too often.",
            fields: target + [
                .string("reason", "the last failure"),
                .integer("failures", "the failures in a row"),
                .integer("window_requests", "the requests within `circuit_breaker.window`"),
                .integer("window_failures", "those that failed"),
                .integer("open_ms", "the milliseconds until requests are tried again"),
            ]
        ),
        EventDescription(
            type: "circuit.half_open",
            topic: "upstreams.NAME",
            severities: [.info],
            when: "A few requests are tried at the address.",
            fields: target
        ),
        EventDescription(
            type: "circuit.closed",
            topic: "upstreams.NAME",
            severities: [.info],
            when: "The requests succeeded, so the address gets all its requests again.",
            fields: target
        ),
    ]

    // MARK: Configuration

    private static let configuration: [EventDescription] = [
        EventDescription(
            type: "config.reloaded",
            topic: "config",
            severities: [.info],
            when: "A new configuration is in use.",
            fields: [.object("changes", "the difference, as `POST /config/reload` returns it, without secrets")]
        ),
        EventDescription(
            type: "config.refused",
            topic: "config",
            severities: [.warning],
            when: "A new configuration has errors. The gateway runs as before.",
            fields: [.array("errors", "the errors, as `POST /config/reload` returns them")]
        ),
    ]

    // MARK: The gateway

    private static let gateway: [EventDescription] = [
        EventDescription(
            type: "gateway.started",
            topic: "gateway",
            severities: [.info],
            when: "The gateway accepts connections.",
            fields: [.string("version", "the version of the gateway")]
        ),
        EventDescription(
            type: "gateway.draining",
            topic: "gateway",
            severities: [.info],
            when: "The gateway finishes its requests and tells load balancers that it is not ready.",
            fields: [.string("reason", "`shutdown`, `handover` or `admin`")]
        ),
        EventDescription(
            type: "gateway.overloaded",
            topic: "gateway",
            severities: [.critical],
            when: "New requests get 503, because the process uses more than `server.memory_limit`.",
            fields: [
                .string("reason", "`memory`"),
                .integer("resident_bytes", "the resident memory"),
                .integer("limit_bytes", "the limit", isOptional: true),
            ]
        ),
        EventDescription(
            type: "gateway.recovered",
            topic: "gateway",
            severities: [.info],
            when: "Requests are accepted again.",
            fields: [
                .string("reason", "`memory`"),
                .integer("resident_bytes", "the resident memory"),
                .integer("limit_bytes", "the limit", isOptional: true),
            ]
        ),
        EventDescription(
            type: "gateway.handed_over",
            topic: "gateway",
            severities: [.info],
            when: "A new process has taken over, and this one drains.",
            fields: [
                .integer("pid", "the process ID of this process"),
                .integer("successor", "that of the new one"),
                .string("version", "the version of this process"),
            ]
        ),
        EventDescription(
            type: "gateway.handover_failed",
            topic: "gateway",
            severities: [.warning],
            when: "The new process did not become ready. This one continues to serve.",
            fields: [
                .integer("pid", "the process ID of this process"),
                .integer("successor", "that of the new one, if it started", isOptional: true),
                .string("version", "the version of this process"),
                .string("reason", "why"),
            ]
        ),
        EventDescription(
            type: "redis.down",
            topic: "gateway",
            severities: [.warning],
            when: "A worker has lost a server of Redis, or cannot reach it.",
            fields: [.string("node", "the server"), .string("reason", "why")]
        ),
        EventDescription(
            type: "redis.up",
            topic: "gateway",
            severities: [.info],
            when: "All workers reach it again.",
            fields: [.string("node", "the server")]
        ),
        EventDescription(
            type: "tls.certificate_rejected",
            topic: "gateway",
            severities: [.warning],
            when: "The files of a certificate have changed and cannot be used. The previous certificate stays in use.",
            fields: [
                .string("file", "the file"),
                .string("reason", "why"),
                .string("upstream", "the upstream that the certificate is for", isOptional: true),
            ]
        ),
        EventDescription(
            type: "tls.certificate_expiring",
            topic: "gateway",
            severities: [.warning, .critical],
            when: "A certificate expires soon: a warning each day. Critical once it has expired.",
            fields: [
                .string("file", "the file of the certificate"),
                .integer("days", "the days until then, negative if it has expired"),
            ]
        ),
        EventDescription(
            type: "webhook.disabled",
            topic: "gateway",
            severities: [.critical],
            when:
                "A webhook gets no more events, because its deliveries failed for all of `events.disable_after`, or it "
                + "answered 410.",
            fields: [.string("webhook", "the ID of the webhook"), .string("reason", "`gone` or `failing`")]
        ),
        EventDescription(
            type: "error.captured",
            topic: "gateway",
            severities: [.warning],
            when: "The gateway or an upstream failed requests: the first of a kind at once, then once a minute.",
            fields: [
                .string("code", "the code of the error"),
                .integer("count", "the number of errors since the last event of the kind"),
                .string("route", "the route", isOptional: true),
                .string("upstream", "the upstream", isOptional: true),
                .integer("status", "the status of the response", isOptional: true),
            ]
        ),
    ]

    // MARK: Routes

    private static let count = EventDescription.Field.integer(
        "count",
        "how often it happened: of the first at once, then once a minute those since"
    )

    private static let routes: [EventDescription] = [
        EventDescription(
            type: "rate_limit.exceeded",
            topic: "routes.NAME",
            severities: [.warning],
            when: "A rate limit rejects requests.",
            fields: [.string("route", "the route"), .string("address", "the address of the first client"), count]
        ),
        EventDescription(
            type: "auth.failed",
            topic: "routes.NAME",
            severities: [.warning],
            when: "Requests have wrong credentials.",
            fields: [.string("route", "the route"), .string("address", "the address of the first client"), count]
        ),
        EventDescription(
            type: "csp.violation",
            topic: "routes.NAME",
            severities: [.warning],
            when: "Browsers report violations of the content security policy.",
            fields: [
                .string("route", "the route of the page"),
                .string("directive", "the violated directive, `_OTHER` if it is unknown"), count,
            ]
        ),
    ]

    // MARK: Alerts

    private static let alertFields: [EventDescription.Field] = [
        .string("alert", "the name of the alert"),
        .object("labels", "the labels of the series"),
        .string("state", "the state of the alert"),
        .number("value", "the value of the condition", isOptional: true),
        .string("message", "the message of the alert"),
        .string("since", "when the state began"),
        .boolean("test", "whether it was asked for by `POST /alerts/{name}/test`", isOptional: true),
    ]

    private static let alerts: [EventDescription] = [
        EventDescription(
            type: "alert.firing",
            topic: "alerts",
            severities: [.info, .warning, .critical],
            when: "The condition of an alert holds.",
            fields: alertFields
        ),
        EventDescription(
            type: "alert.resolved",
            topic: "alerts",
            severities: [.info, .warning, .critical],
            when: "The condition is over.",
            fields: alertFields
        ),
    ]
}

extension EventDescription.Field {
    fileprivate static func string(_ name: String, _ meaning: String, isOptional: Bool = false) -> Self {
        Self(name: name, kind: .string, isOptional: isOptional, meaning: meaning)
    }

    fileprivate static func integer(_ name: String, _ meaning: String, isOptional: Bool = false) -> Self {
        Self(name: name, kind: .integer, isOptional: isOptional, meaning: meaning)
    }

    fileprivate static func number(_ name: String, _ meaning: String, isOptional: Bool = false) -> Self {
        Self(name: name, kind: .number, isOptional: isOptional, meaning: meaning)
    }

    fileprivate static func boolean(_ name: String, _ meaning: String, isOptional: Bool = false) -> Self {
        Self(name: name, kind: .boolean, isOptional: isOptional, meaning: meaning)
    }

    fileprivate static func array(_ name: String, _ meaning: String) -> Self {
        Self(name: name, kind: .array, isOptional: false, meaning: meaning)
    }

    fileprivate static func object(_ name: String, _ meaning: String) -> Self {
        Self(name: name, kind: .object, isOptional: false, meaning: meaning)
    }
}
