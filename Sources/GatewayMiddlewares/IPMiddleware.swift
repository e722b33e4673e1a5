public import GatewayCore
import GatewayHTTP
public import GatewaySettings

/// Allows or denies a route by the client's address.
///
/// ```toml
/// [routes.ip]
/// allow = ["10.0.0.0/8"]
/// deny = ["10.0.66.0/24"]
/// ```
///
/// Uses the client's address, which trusted proxies may report. A client without one, on a Unix socket or behind a
/// proxy that does not report it, is rejected if `allow` is set. NAT64 and 6to4 addresses also match as the IPv4
/// address they contain; for `allow`, only if that address is public.
public struct IPMiddleware: RequestHook {
    public struct Config: Codable, Sendable {
        /// Networks that may use the route. Empty: all.
        public var allow: [CIDR] = []
        /// Networks that may not, regardless of `allow`.
        public var deny: [CIDR] = []

        public init() {}
    }

    public static let name = "ip"

    private let allow: [CIDR]
    private let deny: [CIDR]

    public init(_ config: Config, in context: inout BuildContext) {
        self.allow = config.allow
        self.deny = config.deny
    }

    public func request(_ exchange: Exchange) -> Decision {
        self.admits(exchange.clientAddress.ip) ? .next : .fail(.forbidden("This address may not use this route."))
    }

    private func admits(_ address: IPAddress?) -> Bool {
        guard let address else { return self.allow.isEmpty }
        if self.deny.restrict(address) { return false }
        return self.allow.isEmpty || self.allow.grant(address)
    }
}
