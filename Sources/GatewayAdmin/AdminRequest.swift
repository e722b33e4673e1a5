import GatewayCore
import GatewayEvents
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
    /// Whether the client prefers content in the gzip coding.
    var acceptsGzip = false
    var authorization: String?
    /// The `Origin` field: the origin of the page that sent the request. Only browsers send it.
    var origin: String?
    /// The `Sec-Fetch-Site` field of newer browsers, such as `cross-site`.
    var fetchSite: String?
    /// The address of the connection's peer, ignoring forwarding fields; nil on a Unix socket.
    var peer: IPAddress?
    var surface = Surface.admin
    var requestID: String?
    /// The sender for reports, which a trusted proxy may have named.
    var clientAddress = ""
    /// Whether the connection is secured.
    var isSecure = false
    /// Whether the request is the handshake of a WebSocket.
    var isWebSocket = false
    /// The subprotocols that a handshake offers.
    var protocols: [String] = []
    /// The `Last-Event-ID` field (HTML standard, section 9.2).
    var lastEventID: String?

    private static let lastEventID = HeaderName("Last-Event-ID")
    /// The parameter that holds the token of a browser, which cannot send it in a field. Logs redact it.
    static let tokenParameter = "token"

    init(path: String) { self.path = path }

    init(_ exchange: Exchange, on surface: Surface) {
        func text(_ range: ByteRange?) -> String? { range.map { exchange.request.headers.string($0) } }
        self.method = exchange.request.method
        self.path = exchange.request.headers.string(exchange.path)
        self.query = exchange.request.headers.string(exchange.query)
        self.body = exchange.requestBody.collected
        self.host = exchange.request.host.isEmpty ? nil : exchange.request.headers.string(exchange.request.host)
        self.accept = text(exchange.request.headers.first(.accept))
        self.acceptsGzip = AcceptEncoding(exchange.request.headers).best(of: [.gzip]) != nil
        self.authorization = text(exchange.request.headers.first(.authorization))
        self.origin = text(exchange.request.headers.first(.origin))
        self.fetchSite = text(exchange.request.headers.first(.secFetchSite))
        self.peer = exchange.client?.peer.ip
        self.surface = surface
        let requestID = exchange.requestIDRange
        self.requestID = requestID.isEmpty ? nil : exchange.request.headers.string(requestID)
        self.clientAddress = "\(exchange.clientAddress)"
        self.isSecure = exchange.client?.tls != nil
        self.isWebSocket = exchange.upgrade != nil
        self.lastEventID = text(exchange.request.headers.first(Self.lastEventID))
        if self.isWebSocket {
            self.protocols = exchange.request.headers.members(of: StreamProtocol.fieldName)
        }
    }
}

extension HeaderBlock {
    /// The members of all lines of a list-valued field, in order.
    fileprivate func members(of name: HeaderName) -> [String] {
        var members: [String] = []
        for field in self.fields where self.matches(field, name) {
            self.withBytes(field.value) { value in
                FieldList.forEachMember(of: value) { members.append(String(decoding: $0, as: UTF8.self)) }
            }
        }
        return members
    }
}
