import GatewayHTTP

/// Lets a route be used from some addresses and not from others.
///
/// ```toml
/// [routes.ip]
/// allow = ["10.0.0.0/8"]
/// deny = ["10.0.66.0/24"]
/// ```
///
/// What counts is the client's address, behind trusted proxies the one that they name. A client that has none, on a Unix
/// socket or behind a proxy that does not name it, is refused where only some addresses are allowed. NAT64 and 6to4
/// addresses count as the IPv4 address in them too; for `allow`, only if that is a public one.
struct IPMiddleware: RequestHook {
    struct Config: Codable, Sendable {
        /// Networks that may use the route. Empty: all.
        var allow: [CIDR] = []
        /// Networks that may not, regardless of `allow`.
        var deny: [CIDR] = []
    }

    static let name = "ip"

    private let allow: [CIDR]
    private let deny: [CIDR]

    init(_ config: Config, in context: inout BuildContext) {
        self.allow = config.allow
        self.deny = config.deny
    }

    func request(_ exchange: Exchange) -> Decision {
        self.admits(exchange.clientAddress.ip) ? .next : .fail(.forbidden("This address may not use this route."))
    }

    private func admits(_ address: IPAddress?) -> Bool {
        guard let address else { return self.allow.isEmpty }
        if self.deny.restrict(address) { return false }
        return self.allow.isEmpty || self.allow.grant(address)
    }
}
