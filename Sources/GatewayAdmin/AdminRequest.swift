import GatewayCore
import GatewayHTTP
import NIOCore

/// The parts of a request that the admin API uses.
package struct AdminRequest: Sendable {
    /// The kind of listener that received a request.
    package enum Surface: Sendable {
        /// The admin listener.
        case admin
        /// A traffic listener, at a path that `admin.expose` names.
        case exposed
    }

    var method = Method.get
    /// Normalized, without the query.
    var path: String
    /// Without the question mark, as sent.
    var query = ""
    /// The whole body; nil if there is none.
    var body: ByteBuffer?
    /// The `Host` field, with its port if it has one.
    var host: String?
    var accept: String?
    var authorization: String?
    /// The `Origin` field: the origin of the page that sent the request. Only browsers send it.
    var origin: String?
    /// The `Sec-Fetch-Site` field of newer browsers, such as `cross-site`.
    var fetchSite: String?
    /// The address of the connection's peer, ignoring forwarding fields; nil on a Unix socket.
    var peer: IPAddress?
    var surface = Surface.admin
    var requestID: String?

    init(path: String) { self.path = path }

    init(_ exchange: Exchange, on surface: Surface) {
        func text(_ range: ByteRange?) -> String? { range.map { exchange.request.headers.string($0) } }
        self.method = exchange.request.method
        self.path = exchange.request.headers.string(exchange.path)
        self.query = exchange.request.headers.string(exchange.query)
        self.body = exchange.requestBody.collected
        self.host = exchange.request.host.isEmpty ? nil : exchange.request.headers.string(exchange.request.host)
        self.accept = text(exchange.request.headers.first(.accept))
        self.authorization = text(exchange.request.headers.first(.authorization))
        self.origin = text(exchange.request.headers.first(.origin))
        self.fetchSite = text(exchange.request.headers.first(.secFetchSite))
        self.peer = exchange.client?.peer.ip
        self.surface = surface
        let requestID = exchange.requestIDRange
        self.requestID = requestID.isEmpty ? nil : exchange.request.headers.string(requestID)
    }
}
