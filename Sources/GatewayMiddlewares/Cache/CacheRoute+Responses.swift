import GatewayCache
import GatewayCore
import GatewayHTTP
import NIOCore

/// What the upstream sends to a fetch.
extension CacheRoute {
    private static let conditions: FieldSet = [
        .range, .ifRange, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince,
    ]

    /// Makes the copy of a client's request ask for the whole response, or whether a stored one is still current.
    func prepare(_ exchange: Exchange, revalidating stale: StoredResponse?) {
        if exchange.request.headers.present.intersects(Self.conditions) {
            exchange.request.headers.removeAll { _, field in Self.conditions.contains(field.id) }
        }
        guard let stale else { return }
        let stored = HeaderBlock(stale.fields, room: 0)
        if let tag = stored.first(.etag) {
            exchange.request.headers.add(HeaderName(.ifNoneMatch), stored.withBytes(tag) { Array($0) })
        }
        if let date = stored.first(.lastModified) {
            exchange.request.headers.add(HeaderName(.ifModifiedSince), stored.withBytes(date) { Array($0) })
        }
    }

    /// The head of a response has come.
    func received(_ exchange: Exchange, _ feeder: CacheFeeder) {
        let status = exchange.response.status
        if status == 304, let stale = feeder.stale { return self.confirmed(stale, exchange, feeder) }
        if Self.isFailing(status), let stale = feeder.stale,
            stale.lifetime.mayServeOnError(by: feeder.request, at: self.now)
        {
            _ = feeder.fetch.finish(stale, .staleIfError, from: feeder.id)
            return
        }
        let (lifetime, detail) = self.lifetime(exchange, feeder)
        let variant = Variant(Variant.names(in: exchange.response.headers), of: exchange.request.headers)
        let isShared = lifetime?.reuse(by: feeder.request, at: self.now) == .fresh
        let head = FetchedHead(
            status: status,
            fields: self.fields(of: exchange, without: feeder.withheld, isStored: lifetime != nil),
            framing: exchange.response.framing,
            lifetime: lifetime,
            detail: detail,
            variant: variant
        )
        var failure: GatewayError?
        if lifetime == nil, Self.isFailing(status) {
            failure = GatewayError(.upstreamError)
            failure?.status = status
            failure?.retryAfter = Self.retryAfter(exchange.response.headers)
        } else {
            self.shared.fetches.set(isShared ? nil : .unshared, for: feeder.fetch.key, at: self.now)
        }
        feeder.head = head
        _ = feeder.fetch.head(head, from: feeder.id, variant: variant, isPrivate: !isShared, failure: failure)
    }

    /// How long the response may be reused, or why it is not stored.
    private func lifetime(_ exchange: Exchange, _ feeder: CacheFeeder) -> (ResponseLifetime?, detail: StaticString?) {
        guard exchange.origin != .gateway, exchange.errorCode == nil else { return (nil, nil) }
        if exchange.responseCarriesNonce { return (nil, "nonce") }
        if exchange.response.isEventStream { return (nil, "event-stream") }
        let verdict = self.policy.verdict(
            on: exchange.response,
            to: feeder.request,
            askedAt: feeder.fetch.startedAt,
            receivedAt: self.now,
            date: self.worker.unixMilliseconds
        )
        switch verdict {
        case .no(let reason): return (nil, reason.detail)
        // What the upstream says about its response is not about a cookie of the gateway.
        case .store(_, let without) where exchange.givesCookies && !without.contains { $0.id == .setCookie }:
            return (nil, CachePolicy.Reason.setCookie.detail)
        case .store(let lifetime, let without):
            if case .length(let length) = exchange.response.framing, length > self.maxObject {
                self.shared.fetches.set(.tooLarge, for: feeder.fetch.key, at: self.now)
                return (nil, Self.tooLarge)
            }
            feeder.withheld = without
            feeder.tags = self.tags(of: exchange.response.headers)
            return (lifetime, nil)
        }
    }

    private func tags(of headers: borrowing HeaderBlock) -> [String] {
        guard let name = self.tagsHeader else { return [] }
        return headers.values(of: name).flatMap { value in
            value.split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
        }
    }

    /// Returns the fields of a response without the host that its client asked for, which others may call by another name.
    func sharedFields(of exchange: Exchange) -> HeaderBlock {
        var headers = HeaderBlock(copying: exchange.response.headers)
        headers.changeReferences { reference in
            exchange.request.headers.withBytes(exchange.clientHost) { HostReference.withoutHost(reference, $0) }
        }
        return headers
    }

    private func fields(
        of exchange: Exchange,
        without withheld: [HeaderName],
        isStored: Bool
    ) -> PreparedFields {
        let headers = self.sharedFields(of: exchange)
        return PreparedFields(room: headers.bytes.readableBytes) { fields in
            for field in headers.fields {
                if let tags = self.tagsHeader, headers.matches(field, tags) { continue }
                if withheld.contains(where: { headers.matches(field, $0) }) { continue }
                fields.add(field, from: headers)
            }
            // The cache serves parts of what it has stored, whether the upstream does or not.
            if isStored, self.servesRanges, exchange.response.status == 200, !headers.contains(.acceptRanges) {
                fields.add(HeaderName(.acceptRanges), "bytes")
            }
        }
    }

    /// A body of unknown length proved to be longer than what is stored.
    func grewTooLarge(_ feeder: CacheFeeder) { self.shared.fetches.set(.tooLarge, for: feeder.fetch.key, at: self.now) }

    /// The response is complete.
    func ended(_ exchange: Exchange, _ feeder: CacheFeeder) {
        let trailers = exchange.responseBody.trailers
        var stored: (StoredResponse, FetchResult)?
        if let head = feeder.head, let lifetime = head.lifetime, let variant = head.variant,
            let body = feeder.fetch.storedBody()
        {
            let response = StoredResponse(
                key: feeder.fetch.key,
                variant: variant,
                route: self.name,
                url: feeder.url,
                status: head.status,
                fields: Self.withoutTrailer(head.fields),
                body: body,
                lifetime: lifetime,
                tags: feeder.tags,
                askedAt: feeder.fetch.stamp
            )
            self.shared.store.insert(response, at: self.now)
            self.writeBehind(response, feeder)
            stored = (response, .fetched)
        }
        _ = feeder.fetch.ended(trailers, from: feeder.id, stored: stored)
    }

    /// Trailers are not stored, so that the head must not announce them.
    private static func withoutTrailer(_ fields: PreparedFields) -> PreparedFields {
        guard fields.names.contains(.trailer) else { return fields }
        return PreparedFields(fields) { $0.remove(.trailer) }
    }

    /// There is no response.
    func failed(_ error: GatewayError, _ feeder: CacheFeeder) {
        if let stale = feeder.stale, error.status >= 500,
            stale.lifetime.mayServeOnError(by: feeder.request, at: self.now),
            feeder.fetch.finish(stale, .staleIfError, from: feeder.id)
        {
            return
        }
        _ = feeder.fetch.failed(error, from: feeder.id)
    }

    /// The request is over.
    func over(_ feeder: CacheFeeder) {
        self.loop.remove(feeder)
        if feeder.fetch.isOver { self.shared.fetches.remove(feeder.fetch) }
    }

    /// The statuses for which a stale response may stand in (RFC 5861 section 4).
    private static func isFailing(_ status: Int) -> Bool {
        switch status {
        case 500, 502, 503, 504: true
        default: false
        }
    }

    private static func retryAfter(_ headers: borrowing HeaderBlock) -> Int? {
        guard let value = headers.first(.retryAfter) else { return nil }
        return Int(clampingDigits: headers.string(value)).map { min($0, 86_400) }
    }
}
