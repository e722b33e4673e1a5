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
            _ = feeder.fetch.finish(stale, .staleIfError)
            return
        }
        let lifetime = self.lifetime(exchange, feeder)
        let variant = Variant(Variant.names(in: exchange.response.headers), of: exchange.request.headers)
        let isShared = lifetime?.reuse(by: feeder.request, at: self.now) == .fresh
        let head = FetchedHead(
            status: status,
            fields: self.fields(of: exchange, without: feeder.withheld),
            framing: exchange.response.framing,
            lifetime: lifetime,
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

    /// How long the response may be reused; nil if it is not stored.
    private func lifetime(_ exchange: Exchange, _ feeder: CacheFeeder) -> ResponseLifetime? {
        guard exchange.origin != .gateway, exchange.errorCode == nil, !exchange.responseCarriesNonce,
            !exchange.response.isEventStream
        else { return nil }
        let verdict = self.policy.verdict(
            on: exchange.response,
            to: feeder.request,
            askedAt: feeder.fetch.startedAt,
            receivedAt: self.now,
            date: self.worker.unixMilliseconds
        )
        guard case .store(let lifetime, let without) = verdict else { return nil }
        if case .length(let length) = exchange.response.framing, length > self.maxObject {
            self.shared.fetches.set(.tooLarge, for: feeder.fetch.key, at: self.now)
            return nil
        }
        feeder.withheld = without
        feeder.tags = self.tags(of: exchange.response.headers)
        return lifetime
    }

    private func tags(of headers: borrowing HeaderBlock) -> [String] {
        guard let name = self.tagsHeader else { return [] }
        return headers.values(of: name).flatMap { value in
            value.split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
        }
    }

    private func fields(of exchange: Exchange, without withheld: [HeaderName]) -> PreparedFields {
        let headers = HeaderBlock(copying: exchange.response.headers)
        return PreparedFields(room: headers.bytes.readableBytes) { fields in
            for field in headers.fields {
                if let tags = self.tagsHeader, headers.matches(field, tags) { continue }
                if withheld.contains(where: { headers.matches(field, $0) }) { continue }
                fields.add(field, from: headers)
            }
        }
    }

    /// A 304 has come: the stored response is current, and so are the other variants that it describes.
    private func confirmed(_ stale: StoredResponse, _ exchange: Exchange, _ feeder: CacheFeeder) {
        let head = HeaderBlock(copying: exchange.response.headers)
        let tag = Self.tag(of: head)
        if let tag, Self.isStrong(tag), let stored = Self.tag(of: HeaderBlock(stale.fields, room: 0)), stored != tag {
            // It is about another representation, so that nothing here is current (RFC 9111 section 4.3.4).
            return self.loop.start(
                CacheFeeder(feeder.fetch, feeder.request, stale: nil, causedBy: exchange, informs: false, in: self)
            )
        }
        let fresh = self.freshened(stale, by: head, feeder)
        self.shared.store.replace(stale, with: fresh, at: self.now)
        self.writeBehind(fresh, feeder)
        if let tag, Self.isStrong(tag) {
            for other in self.shared.store.variants(of: stale.key)
            where other !== fresh && other !== stale && Self.tag(of: HeaderBlock(other.fields, room: 0)) == tag {
                self.shared.store.replace(other, with: self.freshened(other, by: head, feeder), at: self.now)
            }
        }
        _ = feeder.fetch.finish(fresh, .revalidated)
    }

    private func freshened(
        _ stale: StoredResponse,
        by head: borrowing HeaderBlock,
        _ feeder: CacheFeeder
    ) -> StoredResponse {
        let updated = StoredHeadUpdate.fields(of: stale.fields, freshenedBy: head)
        var prepared = updated
        if let tags = self.tagsHeader, updated.names.contains(tags.id) {
            let fields = HeaderBlock(updated, room: 0)
            prepared = PreparedFields { block in
                for field in fields.fields where !fields.matches(field, tags) { block.add(field, from: fields) }
            }
        }
        let lifetime = self.lifetimeOf304(stale, prepared, feeder)
        return stale.updated(fields: prepared, lifetime: lifetime, askedAt: feeder.fetch.stamp)
    }

    private static func tag(of headers: borrowing HeaderBlock) -> [UInt8]? {
        headers.first(.etag).map { headers.withBytes($0) { Array($0) } }
    }

    private static func isStrong(_ tag: [UInt8]) -> Bool { tag.first == UInt8(ascii: "\"") }

    private func lifetimeOf304(_ stale: StoredResponse, _ fields: PreparedFields, _ feeder: CacheFeeder)
        -> ResponseLifetime
    {
        var head = ResponseHead()
        head.status = stale.status
        head.headers.add(fields)
        let verdict = self.policy.verdict(
            on: head,
            to: feeder.request,
            askedAt: feeder.fetch.startedAt,
            receivedAt: self.now,
            date: self.worker.unixMilliseconds
        )
        if case .store(let lifetime, _) = verdict { return lifetime }
        return ResponseLifetime(bornAt: self.now, lifetime: 0, source: stale.lifetime.source)
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
                fields: head.fields,
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

    /// There is no response.
    func failed(_ error: GatewayError, _ feeder: CacheFeeder) {
        if let stale = feeder.stale, error.status >= 500,
            stale.lifetime.mayServeOnError(by: feeder.request, at: self.now),
            feeder.fetch.finish(stale, .staleIfError)
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
