import GatewayHTTP

/// The upstreams between which a route splits its requests, on one event loop.
package final class UpstreamSplit {
    private let upstreams: [any Upstream]
    private let split: TrafficSplit
    /// The name of the cookie that keeps a client on its side; nil if every request draws a place.
    private let cookie: [UInt8]?

    /// The side of an exchange. Its retries stay there.
    private static let side = ExchangeKey<Int?>("split.side", initial: nil)

    /// - Parameters:
    ///   - upstreams: The upstreams and their shares, in alphabetical order.
    ///   - sticky: The name of the cookie. Empty: none.
    package init(_ upstreams: [(upstream: any Upstream, share: Int)], sticky: String) {
        self.upstreams = upstreams.map(\.upstream)
        self.split = TrafficSplit(upstreams.map { (name: $0.upstream.name, share: $0.share) })
        self.cookie = sticky.isEmpty ? nil : Array(sticky.utf8)
    }

    func take(_ exchange: Exchange) {
        guard let upstream = self.upstream(of: exchange) ?? self.choose(for: exchange) else {
            return exchange.driver.fail(GatewayError(.noHealthyUpstream), from: nil)
        }
        upstream.take(exchange)
    }

    /// The side that was chosen for an exchange; nil before that.
    func upstream(of exchange: Exchange) -> (any Upstream)? { exchange[Self.side].map { self.upstreams[$0] } }

    private func choose(for exchange: Exchange) -> (any Upstream)? {
        var unusable = TargetSet()
        for (index, upstream) in self.upstreams.enumerated() where !upstream.isUsable { unusable.insert(index) }
        guard let side = self.split.side(at: self.place(of: exchange), unusable: unusable) else { return nil }
        exchange[Self.side] = side
        return self.upstreams[side]
    }

    /// The place in the client's cookie, or a new one, which the response then sets.
    private func place(of exchange: Exchange) -> SplitPlace {
        guard let cookie = self.cookie else { return SplitPlace(using: &exchange.worker.random) }
        let known = exchange.cookie(cookie).flatMap { range in
            exchange.request.headers.withBytes(range) { SplitPlace($0) }
        }
        if let known { return known }
        let place = SplitPlace(using: &exchange.worker.random)
        NewCookies.add(cookie, Array(place.text.utf8), to: exchange)
        return place
    }
}

@available(*, unavailable)
extension UpstreamSplit: Sendable {}
