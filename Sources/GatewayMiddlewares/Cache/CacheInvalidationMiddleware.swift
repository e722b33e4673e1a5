import GatewayCache
package import GatewayCore
import GatewayHTTP
import NIOCore

/// Drops the stored responses of a URL when a request with an unsafe or unknown method has succeeded there (RFC 9111 section
/// 4.4), whatever route took it, and those of `Location` and `Content-Location` at the same origin.
///
/// It stands at the bottom of the chain of every route, if any route has a cache.
package struct CacheInvalidationMiddleware: ResponseHook {
    package struct Config: Codable, Sendable {
        package init() {}
    }

    package static let name = "cache_invalidation"

    private let cache: SharedCache

    package init(_ config: Config = Config(), in context: inout BuildContext) {
        self.cache = SharedCache.of(context.worker)
    }

    package func response(_ exchange: Exchange) -> Decision {
        switch exchange.request.method {
        case .get, .head, .options, .trace: return .next
        case .post, .put, .delete, .patch, .connect, .other: break
        }
        guard exchange.origin == .upstream, (200..<400).contains(exchange.response.status) else { return .next }
        let url = CacheURL(of: exchange)
        self.cache.invalidate(url)
        for id in [FieldID.location, .contentLocation] {
            guard let field = exchange.response.headers.first(id) else { continue }
            let reference = exchange.response.headers.withBytes(field) { Array($0) }
            guard let other = url.resolving(reference, isSecure: exchange.isSecure), other != url else { continue }
            self.cache.invalidate(other)
        }
        return .next
    }
}

extension CacheURL {
    /// The URL of a request, under which its response is stored and purged.
    ///
    /// - Parameter hasHost: Whether hosts do not share the response.
    init(of exchange: Exchange, hasHost: Bool = true) {
        self = exchange.request.headers.withBytes(hasHost ? exchange.clientHost : .empty) { host in
            exchange.request.headers.withBytes(exchange.path) { path in
                exchange.request.headers.withBytes(exchange.query) { query in
                    CacheURL(isSecure: exchange.isSecure, authority: host, path: path, query: query)
                }
            }
        }
    }
}
