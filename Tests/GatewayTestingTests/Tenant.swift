import Gateway

@testable import GatewayCore
@testable import GatewayHTTP

/// Rejects requests without a tenant, and sends the tenant upstream.
struct Tenant: RequestHook {
    struct Config: Codable, Sendable { var header = "X-Tenant" }
    static let name = "tenant"
    private let header: HeaderName
    init(_ config: Config, in context: inout BuildContext) { header = HeaderName(config.header) }

    func request(_ exchange: Exchange) -> Decision {
        guard exchange.request.headers.contains(header) else { return .fail(.badRequest("A tenant is needed.")) }
        return .next
    }
}
