package import GatewayCore
package import GatewayEvents
package import GatewayHTTP
import NIOCore

/// One endpoint of the admin API. ``AdminEndpoints`` lists them all.
package protocol AdminEndpoint: Sendable {
    /// The path, and the endpoint's name. `{name}` matches one segment.
    var path: String { get }
    /// Further paths with the same answer.
    var aliases: [String] { get }
    /// Endpoints for `GET` also answer `HEAD`.
    var method: Method { get }
    var scope: AdminScope { get }
    /// What the audit log calls the act; nil if the endpoint changes nothing.
    var action: AuditAction? { get }
    /// The maximum size of the body in bytes.
    var bodyLimit: Int { get }
    /// One sentence for the index and the manual.
    var summary: String { get }
    /// The parameters, the body and the answers, for the API's description.
    var operation: APIOperation { get }

    func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response
}

extension AdminEndpoint {
    var aliases: [String] { [] }
    var method: Method { .get }
    var scope: AdminScope { .read }
    var action: AuditAction? { nil }
    var bodyLimit: Int { AdminBody.limit }

    /// The names of the query's parameters.
    var queryParameters: Set<String> {
        let names = Set(self.operation.query.map(\.name))
        return self.scope == .events ? names.union([AdminRequest.tokenParameter]) : names
    }

    var paths: [String] { [self.path] + self.aliases }
    var allowedMethods: String { self.method == .get ? "GET, HEAD" : "\(self.method.name)" }
}

/// An endpoint whose response is a stream of events.
package protocol AdminStreamEndpoint: AdminEndpoint {
    var format: StreamFormat { get }

    /// Opens the stream. ``AdminEndpoint/answer(_:)`` answers `HEAD`.
    func open(_ call: AdminCall) async throws(AdminRefusal) -> StreamClient
}

/// What answers a request.
package enum AdminAnswer: Sendable {
    case response(Response)
    /// A stream, which takes over the exchange.
    case stream(StreamClient)
}

/// Who may call an endpoint. ``AdminAccess`` enforces it.
package enum AdminScope: Sendable {
    /// Everyone. For probes, which can rarely send a token.
    case open
    case read
    /// Reads events: `events.token` opens it too, which browsers may send in other ways.
    case events
    /// Changes something: never exposed on the traffic listeners, and refused to pages of other sites.
    case write
}

/// A request to an endpoint, and what the endpoint may use to answer it.
package struct AdminCall: Sendable {
    /// How long event loops have to respond before they count as stalled.
    static let patience = TimeAmount.seconds(1)

    let request: AdminRequest
    /// The values of the path's `{name}`s, unescaped.
    let parameters: [String]
    /// What the audit log calls the act of the endpoint.
    let action: AuditAction?
    package let status: GatewayStatus
    let now: NIODeadline

    var query: AdminQuery { AdminQuery(self.request.query) }
}
