import GatewayCache
import GatewayCore
import GatewayHTTP
import NIOCore

/// What the upstream says about stored responses: a 304, and the response to a HEAD request.
extension CacheRoute {
    /// A request on whose response the state of a stored response depends.
    struct Question {
        let request: CacheRequest
        /// When it was sent.
        let askedAt: Int64
        /// The same among the purges.
        let stamp: PurgeStamp
    }

    private enum OnFreshen {
        case current(StoredResponse)
        /// The new head does not allow to store the response.
        case unstorable(PreparedFields, detail: StaticString)
    }

    // MARK: 304

    /// A 304 has come: the stored response is current, and so are the other variants that it describes.
    func confirmed(_ stale: StoredResponse, _ exchange: Exchange, _ feeder: CacheFeeder) {
        let head = self.sharedFields(of: exchange)
        let tag = Self.tag(of: head)
        if let tag, Self.isStrong(tag), let stored = Self.tag(of: HeaderBlock(stale.fields, room: 0)), stored != tag {
            // It is about another representation, so that nothing here is current (RFC 9111 section 4.3.4).
            let next = CacheFeeder(
                feeder.fetch,
                feeder.request,
                stale: nil,
                causedBy: exchange,
                for: feeder.asker,
                informs: false,
                in: self
            )
            // The second tier may have what is not current.
            next.skipsTier = true
            return self.loop.start(next)
        }
        let question = Question(
            request: feeder.request,
            askedAt: feeder.fetch.startedAt,
            stamp: feeder.fetch.stamp
        )
        let result = self.freshen(stale, by: head, question)
        if let tag, Self.isStrong(tag) {
            for other in self.shared.store.variants(of: stale.key)
            where other !== stale && other.variant != stale.variant
                && Self.tag(of: HeaderBlock(other.fields, room: 0)) == tag
            {
                _ = self.freshen(other, by: head, question)
            }
        }
        switch result {
        case .current(let fresh):
            self.writeBehind(fresh, feeder)
            _ = feeder.fetch.finish(fresh, .revalidated, from: feeder.id)
        case .unstorable(let fields, let detail): self.passOn(stale, fields, because: detail, feeder)
        }
    }

    /// Gives the confirmed response to the client that has asked for it. The others go for themselves, because nobody may
    /// share it any more.
    private func passOn(
        _ stale: StoredResponse,
        _ fields: PreparedFields,
        because detail: StaticString,
        _ feeder: CacheFeeder
    ) {
        self.shared.fetches.set(.unshared, for: stale.key, at: self.now)
        let length = stale.body.readableBytes
        let head = FetchedHead(
            status: stale.status,
            fields: PreparedFields(fields, room: 32) { fields in
                guard stale.status != 204, !fields.contains(.contentLength) else { return }
                fields.add(HeaderName(.contentLength)) { $0.write(decimal: length) }
            },
            framing: length > 0 ? .length(length) : .none,
            upstreamStatus: 304,
            detail: detail
        )
        guard feeder.fetch.head(head, from: feeder.id, variant: nil, isPrivate: true) else { return }
        _ = feeder.fetch.body(stale.body, from: feeder.id)
        _ = feeder.fetch.ended(nil, from: feeder.id, stored: nil)
    }

    // MARK: HEAD

    /// Remembers which stored response a HEAD request is about that goes upstream.
    func ask(about stale: StoredResponse, _ exchange: Exchange, _ request: CacheRequest) {
        let question = Question(request: request.asGet, askedAt: self.now, stamp: self.shared.store.stamp)
        exchange[Self.asked] = (stale, question)
    }

    /// The response to such a request has come (RFC 9111 section 4.3.5).
    func heard(_ exchange: Exchange) {
        guard exchange.request.method == .head, exchange.origin == .upstream, exchange.errorCode == nil,
            let (stored, question) = exchange[Self.asked]
        else { return }
        switch StoredHeadUpdate.compare(
            stored.fields,
            status: stored.status,
            length: stored.body.readableBytes,
            withHead: exchange.response
        ) {
        case .current: _ = self.freshen(stored, by: self.sharedFields(of: exchange), question)
        case .outdated:
            let stale = stored.madeStale(at: self.now, askedAt: question.stamp)
            self.shared.store.replace(stored, with: stale, at: self.now)
        case .unknown: break
        }
    }

    private static let asked = ExchangeKey<(StoredResponse, Question)?>("cache.asked", initial: nil)

    // MARK: The new head

    /// Replaces the head of a stored response, or drops the response if the new head does not allow to store it.
    private func freshen(
        _ stale: StoredResponse,
        by head: borrowing HeaderBlock,
        _ question: Question
    ) -> OnFreshen {
        let updated = StoredHeadUpdate.fields(of: stale.fields, freshenedBy: head)
        var prepared = updated
        if let tags = self.tagsHeader, updated.names.contains(tags.id) {
            prepared = PreparedFields(updated) { $0.removeAll(tags) }
        }
        // Nobody knows what the request that brought the body had in fields that `Vary` names only now.
        guard !head.contains(.vary) || self.varies(prepared, as: stale.variant) else {
            self.shared.store.drop(stale)
            return .unstorable(prepared, detail: CachePolicy.Reason.vary.detail)
        }
        switch self.verdict(onFields: prepared, of: stale, question) {
        case .store(let lifetime, let withheld):
            if !withheld.isEmpty {
                prepared = PreparedFields(prepared) { for name in withheld { $0.removeAll(name) } }
            }
            let fresh = stale.updated(fields: prepared, lifetime: lifetime, askedAt: question.stamp)
            self.shared.store.replace(stale, with: fresh, at: self.now)
            return .current(fresh)
        case .no(let reason):
            self.shared.store.drop(stale)
            return .unstorable(prepared, detail: reason.detail)
        }
    }

    private func varies(_ fields: PreparedFields, as variant: Variant) -> Bool {
        Variant.names(in: HeaderBlock(fields, room: 0)) == variant.names
    }

    private func verdict(
        onFields fields: PreparedFields,
        of stale: StoredResponse,
        _ question: Question
    ) -> CachePolicy.Verdict {
        var head = ResponseHead()
        head.status = stale.status
        head.headers.add(fields)
        return self.policy.verdict(
            on: head,
            to: question.request,
            askedAt: question.askedAt,
            receivedAt: self.now,
            date: self.worker.unixMilliseconds
        )
    }

    private static func tag(of headers: borrowing HeaderBlock) -> [UInt8]? {
        headers.first(.etag).map { headers.withBytes($0) { Array($0) } }
    }

    private static func isStrong(_ tag: [UInt8]) -> Bool { tag.first == UInt8(ascii: "\"") }
}
