import GatewayCache
import GatewayCore
import GatewayHTTP

/// Removes from requests what does not count for the cache, so that it does not reach the upstream either.
struct CacheRequestRules {
    let query: QueryRules
    private let cookies: CookieRules
    let isEmpty: Bool

    init(_ config: CacheMiddleware.Config) {
        self.query = QueryRules(ignored: config.ignoreQuery, isSorted: config.sortQuery)
        self.cookies = CookieRules(stripped: config.stripCookies)
        self.isEmpty = self.query.isEmpty && self.cookies.isEmpty
    }

    /// Changes a GET or HEAD request.
    func apply(to exchange: Exchange) {
        guard exchange.request.method == .get || exchange.request.method == .head else { return }
        if let query = exchange.request.headers.withBytes(exchange.query, { self.query.applied(to: $0) }) {
            exchange.replaceQuery(with: query)
        }
        guard !self.cookies.isEmpty, exchange.request.headers.contains(.cookie) else { return }
        var kept: [[UInt8]] = []
        var isChanged = false
        for field in exchange.request.headers.fields where field.id == .cookie {
            let new = exchange.request.headers.withBytes(field.value) { self.cookies.applied(to: $0) }
            isChanged = isChanged || new != nil
            kept.append(new ?? exchange.request.headers.withBytes(field.value) { Array($0) })
        }
        guard isChanged else { return }
        exchange.request.headers.remove(.cookie)
        for value in kept where !value.isEmpty { exchange.request.headers.add(Self.cookie, value) }
    }

    private static let cookie = HeaderName(.cookie)
}
