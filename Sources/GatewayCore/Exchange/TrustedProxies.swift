package import GatewayHTTP
package import GatewaySettings

/// The proxies whose forwarding fields the gateway trusts.
package struct TrustedProxies: Sendable {
    private let blocks: [CIDR]
    /// Whether every peer on a Unix socket is trusted.
    private let includesUnixSockets: Bool

    package init(_ proxies: [TrustedProxy] = []) {
        self.blocks = proxies.compactMap { if case .block(let block) = $0 { block } else { nil } }
        self.includesUnixSockets = proxies.contains(.unixSocket)
    }

    /// Returns whether the peer of a connection is trusted. A TCP peer whose address is no longer known is not. A peer
    /// on a Unix socket has an address if a PROXY header reports one.
    package func trust(_ peer: ClientAddress, isUnixSocket: Bool) -> Bool {
        isUnixSocket && peer.ip == nil ? self.includesUnixSockets : self.contains(peer)
    }

    /// Returns whether the address is trusted. Embedded IPv4 addresses are not extracted from IPv6 addresses, because
    /// they may be forged.
    package func contains(_ address: ClientAddress) -> Bool {
        guard !self.blocks.isEmpty, let ip = address.ip else { return false }
        return self.blocks.contains { $0.contains(ip) }
    }

    /// What the trusted proxies report about the client.
    package enum ForwardedClient {
        /// No proxy reports a client.
        case none
        case named(ForwardedElement, ClientAddress)
        /// A trusted proxy does not report its client, or the address cannot be parsed. Contains that proxy, or nil
        /// if it is the peer.
        case unnamed(ForwardedElement?, behind: ClientAddress?)
    }

    /// Returns the rightmost element of `X-Forwarded-For`, or else of `Forwarded`, that is not a trusted proxy. The
    /// client may have forged everything to the left of it.
    package func client(in headers: borrowing HeaderBlock) -> ForwardedClient {
        var last: (element: ForwardedElement, address: ClientAddress)?
        for element in ForwardedElement.all(in: headers).reversed() {
            guard let address = element.address else { return .unnamed(last?.element, behind: last?.address) }
            last = (element, address)
            if !self.contains(address) { break }
        }
        return last.map { .named($0.element, $0.address) } ?? .none
    }

    /// Returns the client, or the trusted proxy that does not report its client. Returns nil if only the peer is known.
    package func clientNamed(by headers: borrowing HeaderBlock) -> ClientAddress? {
        switch self.client(in: headers) {
        case .none: nil
        case .named(_, let address): address
        case .unnamed(_, let proxy): proxy
        }
    }
}
