import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/events`: events as they happen, as Server-Sent Events.
struct EventStreamEndpoint: AdminStreamEndpoint {
    let path = "/events"
    let scope = AdminScope.events
    let summary = "Events as they happen, as Server-Sent Events: `?topics=upstreams.*,config`, else all."
    let operation = APIOperation(
        "streamEvents",
        .events,
        query: AdminCall.streamParameters,
        answers: [
            APIAnswer(
                200,
                ["text/event-stream"],
                .text(
                    "Messages as `data`, with their type as `event`.",
                    "event: heartbeat\ndata: {\"type\":\"heartbeat\"}\n\n"
                )
            )
        ],
        problems: [.draining]
    )
    let format = StreamFormat.events

    /// For `HEAD`.
    func answer(_ call: AdminCall) -> Response { .admin("text/event-stream", ByteBuffer()) }

    func open(_ call: AdminCall) async throws(AdminRefusal) -> StreamClient {
        let topics = try call.topics()
        return try await call.open(self.format, topics.isEmpty ? .global : topics)
    }
}

/// `/events/ws`: events as they happen, over a WebSocket.
struct EventSocketEndpoint: AdminStreamEndpoint {
    let path = "/events/ws"
    let scope = AdminScope.events
    let summary = "Events as they happen, over a WebSocket. Its messages choose the topics."
    let operation = APIOperation(
        "openEventSocket",
        .events,
        query: AdminCall.streamParameters,
        answers: [.empty(101, "The WebSocket is open.")],
        problems: [.upgradeRequired, .draining]
    )
    let format = StreamFormat.webSocket

    func answer(_ call: AdminCall) throws(AdminRefusal) -> Response { throw .notWebSocket }

    func open(_ call: AdminCall) async throws(AdminRefusal) -> StreamClient {
        guard call.request.isWebSocket else { throw .notWebSocket }
        return try await call.open(self.format, try call.topics())
    }
}

extension AdminCall {
    /// The parameters that browsers use, which cannot send header fields.
    fileprivate static let streamParameters = [
        APIParameter("topics", .text("Topics, separated by commas, with `*` at the end for all of a kind.", "global")),
        APIParameter(
            "last_event_id",
            .text("Sends the events after this one first.", "0192f0c1-7e2a-7000-8000-000000000001")
        ),
    ]

    /// The topics in the query.
    ///
    /// - Throws: 422 with every unknown topic.
    fileprivate func topics() throws(AdminRefusal) -> EventTopics {
        let names = self.query.list(of: "topics")
        var problems = names.compactMap { name in
            EventTopics.problem(of: name).map { GatewayError.Problem(field: "topics", reason: $0) }
        }
        if Set(names).count > EventStreams.topicLimit {
            problems = [
                GatewayError.Problem(field: "topics", reason: "has more than \(EventStreams.topicLimit) topics")
            ]
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return EventTopics(names)
    }

    /// - Throws: 503 if there are too many streams, or the gateway ends.
    fileprivate func open(_ format: StreamFormat, _ topics: EventTopics) async throws(AdminRefusal) -> StreamClient {
        guard let events = self.status.events else { throw .draining }
        let last = self.query.values(of: "last_event_id").last ?? self.request.lastEventID
        let client = StreamClient(
            format,
            address: self.request.clientAddress,
            answersProtocol: self.request.protocols.contains(StreamProtocol.name),
            since: Platform.unixMilliseconds()
        )
        let shared = self.status.shared
        switch await events.open(client, topics, after: last, isDraining: { shared.isDraining }) {
        case .opened: return client
        case .full: throw .tooManyStreams(self.status.configuration.events.maxClients)
        case .closed: throw .draining
        }
    }
}

extension AdminQuery {
    /// The elements of a parameter that holds a list separated by commas, and may be repeated.
    func list(of name: String) -> [String] {
        self.values(of: name).flatMap { $0.split(separator: ",") }.map { $0.trimming(" ") }.filter { !$0.isEmpty }
    }
}

extension Substring {
    fileprivate func trimming(_ blank: Character) -> String {
        String(self.drop { $0 == blank }.reversed().drop { $0 == blank }.reversed())
    }
}

extension AdminRefusal {
    /// 503: the gateway ends, so no stream begins.
    fileprivate static let draining = Self(error: GatewayError(.draining, retryAfter: 1))

    /// 503: there are too many streams.
    fileprivate static func tooManyStreams(_ limit: Int) -> Self {
        var error = GatewayError(.overloaded, retryAfter: 10)
        error.detail = "There are \(limit) streams already, as many as events.max_clients allows."
        return Self(error: error)
    }

    /// 426: the request is not the handshake of a WebSocket.
    fileprivate static var notWebSocket: Self {
        var error = GatewayError(.upgradeRequired, detail: "This path is a WebSocket.")
        error.fields = PreparedFields { $0.add(HeaderName(.upgrade), "websocket") }
        return Self(error: error)
    }
}
