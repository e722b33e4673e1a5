package import GatewayHTTP
package import GatewaySettings

/// The proxies whose forwarding fields are believed.
package struct TrustedProxies: Sendable {
    private let blocks: [CIDR]
    /// Whether every peer on a Unix socket is trusted.
    private let includesUnixSockets: Bool

    package init(_ proxies: [TrustedProxy] = []) {
        self.blocks = proxies.compactMap { if case .block(let block) = $0 { block } else { nil } }
        self.includesUnixSockets = proxies.contains(.unixSocket)
    }

    /// Whether the peer of a connection is one of them. A TCP peer whose address is no longer known is not.
    package func trust(_ peer: ClientAddress, isUnixSocket: Bool) -> Bool {
        isUnixSocket ? self.includesUnixSockets : self.contains(peer)
    }

    /// Compares the address as it is: an IPv4 address embedded in an IPv6 address may be forged.
    package func contains(_ address: ClientAddress) -> Bool {
        guard !self.blocks.isEmpty, let ip = address.ip else { return false }
        return self.blocks.contains { $0.contains(ip) }
    }

    /// What trusted proxies say about the client.
    package enum ForwardedClient {
        /// No proxy says anything.
        case none
        case named(ForwardedElement, ClientAddress)
        /// A trusted proxy does not name its client, or the name cannot be parsed: the last one that is named, or nil for the
        /// peer.
        case unnamed(ForwardedElement?, behind: ClientAddress?)
    }

    /// The rightmost element of `X-Forwarded-For`, or else of `Forwarded`, that names no trusted proxy. The client may have made
    /// up everything to the left of it.
    package func client(in headers: borrowing HeaderBlock) -> ForwardedClient {
        var last: (element: ForwardedElement, address: ClientAddress)?
        for element in ForwardedElement.all(in: headers).reversed() {
            guard let address = element.address else { return .unnamed(last?.element, behind: last?.address) }
            last = (element, address)
            if !self.contains(address) { break }
        }
        return last.map { .named($0.element, $0.address) } ?? .none
    }

    /// The client, or the last proxy that is named before it; nil if only the peer is known.
    package func clientNamed(by headers: borrowing HeaderBlock) -> ClientAddress? {
        switch self.client(in: headers) {
        case .none: nil
        case .named(_, let address): address
        case .unnamed(_, let proxy): proxy
        }
    }
}
