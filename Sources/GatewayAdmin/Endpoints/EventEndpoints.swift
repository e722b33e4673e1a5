import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/events/recent`: the last events.
struct RecentEventsEndpoint: AdminEndpoint {
    let path = "/events/recent"
    let scope = AdminScope.events
    let summary = "The last events: `?types=upstream.*&limit=100`, the newest last."
    let operation = APIOperation(
        "listRecentEvents",
        .events,
        query: [
            APIParameter(
                "types",
                .text("Types of events, separated by commas, with `*` at the end for all that begin so.", "upstream.*")
            ),
            .limit,
        ],
        answers: [.list("events", of: .event)]
    )

    func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let limit = try call.query.limit()
        let types = call.query.list(of: "types").map { EventTypePattern($0) }
        let events = await call.status.events?.recentEvents() ?? []
        let chosen = events.filter { event in types.isEmpty || types.contains { $0.matches(event.type) } }
        var body = ByteBuffer(string: "{\"events\":[")
        for (index, event) in chosen.suffix(limit).enumerated() {
            body.writeString(index == 0 ? "\n" : ",\n")
            body.writeImmutableBuffer(event.json)
        }
        body.writeString("]}\n")
        return .admin("application/json", body)
    }
}

/// `/events/clients`: who listens.
struct EventClientsEndpoint: AdminEndpoint {
    let path = "/events/clients"
    let scope = AdminScope.events
    let summary = "The clients of `/events` and `/events/ws`, and how many messages each was sent and has lost."
    let operation = APIOperation("listEventClients", .events, answers: [.list("clients", of: Self.schema)])

    func answer(_ call: AdminCall) async -> Response {
        let clients = await call.status.events?.streamClients() ?? []
        return .admin(["clients": .array(clients.map(Self.json))])
    }

    private static func json(_ client: EventStreams.ClientReport) -> JSONValue {
        let counts = client.client.counts
        return [
            "id": .string("\(client.id)"),
            "kind": .string(client.client.format.rawValue),
            "address": .string(client.client.address),
            "topics": .array(client.topics.map { .string($0) }),
            "since": .string(CivilTime.rfc3339WithMilliseconds(client.client.since)),
            "sent": .integer(counts.sent),
            "dropped": .integer(counts.dropped),
        ]
    }
}

/// Types of events: `circuit.opened`, `upstream.*`, or `*`.
private struct EventTypePattern {
    private let text: String

    init(_ text: String) { self.text = text }

    func matches(_ type: String) -> Bool {
        self.text.hasSuffix("*") ? type.hasPrefix(self.text.dropLast()) : type == self.text
    }
}

extension EventClientsEndpoint {
    fileprivate static let schema = APISchema.object([
        "id": .text("", "1"),
        "kind": .word("", of: StreamFormat.allCases.map(\.rawValue)),
        "address": .text("", "127.0.0.1"),
        "topics": .list(of: .text("", "upstreams.*")),
        "since": .time("When the stream began."),
        "sent": .integer("The messages that were sent.", 12),
        "dropped": .integer("The messages that were lost.", 0),
    ])
}

extension APISchema {
    fileprivate static let event = Self.object([
        "id": .text("A UUIDv7. IDs rise.", "0192f0c1-7e2a-7000-8000-000000000001"),
        "time": .time(""),
        "type": .text("", "upstream.down"),
        "severity": .word("", of: EventSeverity.allCases.map(\.rawValue)),
        "topic": .text("", "upstreams.api"),
        "gateway": .text("`HOST:PID`.", "gateway-1:4242"),
        "data": .map(of: .any("", "127.0.0.1:9001"), "By the type of the event.", "target"),
    ]).named("Event")
}
