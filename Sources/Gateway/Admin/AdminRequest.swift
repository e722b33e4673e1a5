import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// What the admin API looks at in a request.
struct AdminRequest: Sendable {
    /// Where a request came in.
    enum Surface: Sendable {
        /// On the admin listener.
        case admin
        /// On a listener for traffic, at a path that `admin.expose` names.
        case exposed
    }

    var method = Method.get
    /// Normalised, without the query.
    var path: String
    /// Without the question mark, as sent.
    var query = ""
    /// The whole body; nil if there is none.
    var body: ByteBuffer?
    /// As in the `Host` field, with a port where one is there.
    var host: String?
    var accept: String?
    var authorization: String?
    /// Where the page is from that had a browser send this; other programs say nothing.
    var origin: String?
    /// The same in a word, of newer browsers.
    var fetchSite: String?
    /// The other end of the connection, whatever a field says; nil on a Unix socket.
    var peer: IPAddress?
    var surface = Surface.admin

    init(path: String) { self.path = path }

    init(_ exchange: Exchange, on surface: Surface) {
        func text(_ range: ByteRange?) -> String? { range.map { exchange.request.headers.string($0) } }
        self.method = exchange.request.method
        self.path = exchange.request.headers.string(exchange.path)
        self.query = exchange.request.headers.string(exchange.query)
        self.body = exchange.collectedRequest
        self.host = exchange.request.host.isEmpty ? nil : exchange.request.headers.string(exchange.request.host)
        self.accept = text(exchange.request.headers.first(.accept))
        self.authorization = text(exchange.request.headers.first(.authorization))
        self.origin = text(exchange.request.headers.first(.origin))
        self.fetchSite = text(exchange.request.headers.first(.secFetchSite))
        self.peer = exchange.client?.peer.ip
        self.surface = surface
    }
}
