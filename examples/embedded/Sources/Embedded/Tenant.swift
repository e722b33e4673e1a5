import Gateway

/// Rejects requests without a tenant.
struct Tenant: RequestHook {
    struct Config: Codable, Sendable { var header = "X-Tenant" }
    static let name = "tenant"
    private let header: HeaderName

    init(_ config: Config, in context: inout BuildContext) {
        if HeaderName(validating: config.header) == nil {
            context.fail("\"\(config.header)\" is not a header name", suggestion: "write \"X-Tenant\"", at: "header")
        }
        self.header = HeaderName(config.header)
    }

    func request(_ exchange: Exchange) -> Decision {
        guard exchange.request.headers.contains(header) else { return .fail(.badRequest("A tenant is required.")) }
        return .next
    }
}
