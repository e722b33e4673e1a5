import GatewayCache
package import GatewayCore

/// What the middlewares tell about failed requests.
extension RateLimitMiddleware: RequestNotes {
    package func note(on exchange: Exchange) -> String? { exchange[Self.verdict].map { "\($0)" } }
}

extension AuthMiddleware: RequestNotes {
    package func note(on exchange: Exchange) -> String? { exchange[Self.verdict]?.text }
}

extension CacheMiddleware: RequestNotes {
    package func note(on exchange: Exchange) -> String? { exchange[Self.result].map { "\($0.name)" } }
}
