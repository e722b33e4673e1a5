public import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Changes the fields of requests to the upstream and of responses to the client.
///
/// ```toml
/// [routes.headers]
/// request = { set = { X-Client = "{client_ip}" }, remove = ["Cookie"] }
/// response = { add = { Link = "</style.css>; rel=preload" } }
/// ```
///
/// Values may use `{request_id}`, `{client_ip}`, `{scheme}`, `{host}`, `{path}`, `{query}`, `{uri}`, `{route}`,
/// `{client_cert.subject}`, and what a credential says: `{consumer}`, `{plan}`, `{jwt.NAME}`; without one, the field is left
/// out. `{{` and `}}` write braces. A field that is set replaces the client's in all spellings, also `X_User` for
/// `X-User`. Fields for framing and routing cannot be changed.
public struct HeadersMiddleware: RequestHook, ResponseHook {
    public struct Config: Codable, Sendable {
        /// Changes to the fields of requests sent upstream.
        public var request = Changes()
        /// Changes to the fields of responses, including those the gateway generates.
        public var response = Changes()

        public init() {}
    }

    public struct Changes: Codable, Sendable {
        /// Fields to set, replacing existing values. Values may use placeholders such as `{client_ip}`; `{{` and `}}` write
        /// braces, and other text in braces is kept.
        public var set: [String: String] = [:]
        /// Fields to add. Values may use the same placeholders.
        public var add: [String: String] = [:]
        /// Fields to remove.
        public var remove: [String] = []
    }

    public static let name = "headers"

    private let ofRequests: FieldChanges
    private let ofResponses: FieldChanges
    private let worker: Worker

    public init(_ config: Config, in context: inout BuildContext) {
        self.ofRequests = FieldChanges(config.request, "request", in: &context)
        self.ofResponses = FieldChanges(config.response, "response", in: &context)
        self.worker = context.worker
        context.owned.own(request: self.ofRequests.owned)
        context.owned.own(response: self.ofResponses.owned)
    }

    public func request(_ exchange: Exchange) -> Decision {
        for name in self.ofRequests.removed { exchange.request.headers.remove(name) }
        for change in self.ofRequests.changes {
            if change.replaces { exchange.request.headers.removeAll(spelledLike: change.name) }
            self.withValue(of: change, exchange) { exchange.request.headers.add(change.name, $0) }
        }
        return .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        for name in self.ofResponses.removed { exchange.response.headers.remove(name) }
        for change in self.ofResponses.changes {
            // Holds for any response, so nothing replaces it.
            if change.name.id == .vary {
                self.withValue(of: change, exchange) { value in
                    value.withUnsafeBytes { list in
                        FieldList.forEachMember(of: list) { exchange.response.headers.addVary($0) }
                    }
                }
                continue
            }
            if change.replaces { exchange.response.headers.remove(change.name) }
            self.withValue(of: change, exchange) { exchange.response.headers.add(change.name, $0) }
        }
        return .next
    }

    private func withValue(of change: FieldChanges.Change, _ exchange: Exchange, _ body: (ByteBufferView) -> Void) {
        var buffer = self.worker.takeBuffer()
        if change.value.write(of: exchange, into: &buffer) { body(buffer.readableBytesView) }
        self.worker.giveBack(buffer)
    }
}

/// The changes in one direction.
private struct FieldChanges {
    struct Change {
        package let name: HeaderName
        let value: PlaceholderTemplate
        /// Replaces existing values.
        let replaces: Bool
    }

    let removed: [HeaderName]
    let changes: [Change]

    /// Fields that only this middleware sets.
    var owned: [HeaderName] { self.removed + self.changes.filter(\.replaces).map(\.name) }

    init(_ written: HeadersMiddleware.Changes, _ direction: String, in context: inout BuildContext) {
        self.removed = written.remove.enumerated().compactMap { index, name in
            Self.name(name, [direction, "remove", String(index)], in: &context)
        }
        if direction == "response", self.removed.contains(where: { $0.id == .vary }) {
            context.fail(
                "Vary cannot be removed: caches need it to tell responses apart",
                suggestion: "remove it",
                at: direction,
                "remove",
                String(written.remove.firstIndex { $0.lowercased() == "vary" } ?? 0)
            )
        }
        var changes: [Change] = []
        for (kind, entries) in [("set", written.set), ("add", written.add)] {
            for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
                let header = Self.name(name, [direction, kind, name], in: &context)
                let template = Self.template(value, [direction, kind, name], in: &context)
                guard let header, let template else { continue }
                if direction == "response", header.id == .contentEncoding {
                    context.fail(
                        "Content-Encoding describes the bytes of the body, which this does not change",
                        suggestion: "remove it",
                        at: [direction, kind, name],
                        isInName: true
                    )
                }
                changes.append(Change(name: header, value: template, replaces: kind == "set"))
            }
        }
        self.changes = changes
    }

    private static func name(_ name: String, _ keys: [String], in context: inout BuildContext) -> HeaderName? {
        if let problem = ProtectedFields.problem(with: name) {
            context.fail(problem.message, suggestion: problem.suggestion, at: keys, isInName: true)
            return nil
        }
        return HeaderName(name)
    }

    private static func template(
        _ value: String,
        _ keys: [String],
        in context: inout BuildContext
    ) -> PlaceholderTemplate? {
        guard FieldValue.isValid(value) else {
            context.fail(
                "the value has a character that header fields cannot have",
                suggestion: "write \(JSONText.quoted(FieldValue.cleaned(value)))",
                at: keys
            )
            return nil
        }
        do throws(PlaceholderTemplate.ParseError) {
            return try PlaceholderTemplate(value)
        } catch {
            context.fail(error.message, suggestion: error.suggestion, at: keys)
            return nil
        }
    }
}
