import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/consumers`: who uses the gateway, or may use it.
struct ConsumersEndpoint: AdminEndpoint {
    let path = "/consumers"
    let summary = "Consumers that the configuration names or that were seen, with their requests."
    let operation = APIOperation(
        "listConsumers",
        .access,
        query: .page(of: .consumers),
        answers: [.page("consumers", of: .consumer)]
    )

    package func answer(_ call: AdminCall) throws(AdminRefusal) -> Response {
        let consumers = call.status.shared.consumers.listed
        // Without parameters, all of them.
        let isPage = !AdminQuery.pageParameters.allSatisfy { call.query.values(of: $0).isEmpty }
        let page = isPage ? try call.query.page(of: consumers.map(\.name)) : consumers.indices
        return .admin([
            "consumers": .array(consumers[page].map { $0.json(at: call.now) }), "total": .integer(consumers.count),
        ])
    }
}

/// `POST /consumers/{name}/disable`: refuses all credentials of a consumer.
struct DisableConsumerEndpoint: AdminEndpoint {
    let path = "/consumers/{name}/disable"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .disableConsumer
    let summary = "Refuses all credentials of a consumer, until it is enabled or the configuration is reloaded."
    let operation = APIOperation("disableConsumer", .access, path: .consumer, answers: [.json(.consumer)])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try await call.setConsumer(isDisabled: true)
    }
}

/// `POST /consumers/{name}/enable`: takes a `disable` back.
struct EnableConsumerEndpoint: AdminEndpoint {
    let path = "/consumers/{name}/enable"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .enableConsumer
    let summary = "Accepts the credentials of a disabled consumer again."
    let operation = APIOperation("enableConsumer", .access, path: .consumer, answers: [.json(.consumer)])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try await call.setConsumer(isDisabled: false)
    }
}

extension AdminCall {
    fileprivate func setConsumer(isDisabled: Bool) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(self.request.body)
        let name = self.parameters[0]
        guard let consumer = self.status.shared.consumers.known(name) else {
            throw .notFound("There is no consumer \(JSONText.quoted(name)).")
        }
        func state(_ isDisabled: Bool) -> JSONValue {
            ["enabled": .boolean(!isDisabled && consumer.current.isEnabled)]
        }
        try await self.act(on: name, from: state(consumer.isDisabled), to: state(isDisabled)) {
            consumer.setDisabled(isDisabled)
        }
        return .admin(consumer.json(at: self.now))
    }
}

extension Consumer {
    fileprivate func json(at now: NIODeadline) -> JSONValue {
        let current = self.current
        let seen = self.lastSeen.map { seen in
            let age = max(0, (now - seen).nanoseconds / 1_000_000)
            return JSONValue.string(CivilTime.rfc3339(milliseconds: Platform.unixMilliseconds() - age))
        }
        return [
            "name": .string(self.name),
            "plan": .string(current.plan ?? Caller.usualPlan),
            "scope": .array(current.scope.map { .string($0) }),
            "enabled": .boolean(!self.isDisabled && current.isEnabled),
            "last_seen": seen ?? .null,
            "requests": .integer(Int(clamping: self.requests)),
            "limited": .integer(Int(clamping: self.limited)),
        ]
    }
}

extension APISchema {
    fileprivate static let consumer = Self.object([
        "name": .text("", "acme"),
        "plan": .text("Of the last key, token or password.", "gold"),
        "scope": .list(of: .text("", "read"), "Of the last key, token or password."),
        "enabled": .boolean("Whether the credentials are accepted."),
        "last_seen": .time("When the last request ended; null if there was none.").orNull,
        "requests": .integer("Since the start.", 1204),
        "limited": .integer("Those that got 429 because of a limit for callers.", 3),
    ]).named("Consumer")
}

extension [APIParameter] {
    fileprivate static let consumer: Self = [.path("name", "The name of a consumer.", "acme")]
}
