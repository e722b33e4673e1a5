public import GatewayCore

/// Stores responses and answers later requests from them (RFC 9111), as a cache that all clients share.
///
/// ```toml
/// [routes.cache]
/// default_ttl = "1m"
/// ```
public struct CacheMiddleware: RequestHook, ResponseHook {
    public static let name = "cache"

    private let route: CacheRoute

    public init(_ config: Config, in context: inout BuildContext) {
        config.check(in: &context)
        self.route = CacheRoute(config, in: context)
    }

    public func request(_ exchange: Exchange) -> Decision { self.route.request(exchange) }

    /// Only responses to requests that have passed come here. Those to fetches end below.
    public func response(_ exchange: Exchange) -> Decision {
        self.route.passed(exchange)
        return .next
    }
}
