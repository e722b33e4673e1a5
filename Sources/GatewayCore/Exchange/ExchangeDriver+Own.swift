package import GatewayHTTP
import NIOCore

/// Requests that the gateway makes for itself from the start, such as those that keep responses in the cache.
extension ExchangeDriver {
    /// Fills in a GET request, finds its route, and sends it down the part of the chain below `place`.
    ///
    /// - Parameters:
    ///   - target: The path and query, as a client would write them.
    ///   - route: The name of the route that the request is for.
    ///   - client: Receives the response.
    /// - Returns: False if the request belongs to another route. Nothing was sent then.
    package func beginOwn(
        _ target: String,
        host: String,
        fields: [(name: HeaderName, value: String)],
        on route: String,
        below place: Int,
        for client: any ClientStream
    ) -> Bool {
        let exchange = self.exchange
        exchange.request = RequestHead()
        exchange.request.method = .get
        // The offset 0 stands for none.
        exchange.request.methodName = exchange.request.headers.store { $0.write("GET") }
        exchange.request.headers.add(HeaderName(.host), Array(host.utf8))
        exchange.request.host = exchange.request.headers.first(.host) ?? .empty
        for (name, value) in fields { exchange.request.headers.add(name, Array(value.utf8)) }
        let bytes = Array(target.utf8)
        exchange.request.pathAndQuery = exchange.request.headers.store(room: bytes.count) { $0.write(bytes) }
        exchange.request.target = exchange.request.pathAndQuery
        exchange.reset(client: client, at: self.worker.now)
        exchange.clientAddress = .unknown
        exchange.isFromTrustedPeer = false
        self.takeRoute()
        guard exchange.refusal == nil, exchange.plan.name == route else {
            exchange.client = nil
            self.worker.recycle(exchange)
            return false
        }
        exchange.plan = exchange.plan.below(place)
        ForwardedFields.cleanRequest(exchange)
        self.beginInner()
        return true
    }
}
