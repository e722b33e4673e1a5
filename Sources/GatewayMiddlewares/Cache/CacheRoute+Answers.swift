import GatewayCache
import GatewayCore
import GatewayHTTP
import NIOCore

/// What the client gets.
extension CacheRoute {
    /// Answers with a stored response.
    ///
    /// - Parameter reader: The exchange as the reader of the fetch that has brought it; nil if it was there before.
    func answer(
        _ exchange: Exchange,
        from stored: StoredResponse,
        _ result: CacheResult,
        fetchedFor reader: CacheReader? = nil
    ) -> Decision {
        self.meters.count(result, of: exchange)
        let now = self.now
        let store = self.shared.store
        return StoredAnswer.answer(exchange, from: stored, in: store, at: now, ranges: self.servesRanges) { fields in
            guard self.showsStatus else { return }
            fields.add(CacheStatusField.name) { field in
                if let reader { return field.writeForwarded(reader, status: stored.status, isStored: true) }
                // In whole seconds, so that it fits to `Age`. Negative from the moment at which it is stale.
                var left = stored.lifetime.lifetime / 1000 - stored.lifetime.age(at: now) / 1000
                if left == 0, stored.lifetime.age(at: now) >= stored.lifetime.lifetime { left = -1 }
                field.write(result == .revalidated ? "gateway; fwd=stale; fwd-status=304" : "gateway; hit")
                field.write(left < 0 ? "; ttl=-" : "; ttl=")
                field.write(decimal: Int(left.magnitude))
            }
        }
    }

    /// Answers a reader with a stored response.
    func answer(
        _ exchange: Exchange,
        from stored: StoredResponse,
        _ result: FetchResult,
        _ reader: CacheReader
    ) -> Decision {
        switch result {
        case .found: self.answer(exchange, from: stored, stored.lifetime.isFresh(at: self.now) ? .hit : .stale)
        case .fetched:
            self.answer(exchange, from: stored, reader.isFirst ? .miss : .coalesced, fetchedFor: reader)
        case .revalidated: self.answer(exchange, from: stored, .revalidated)
        case .staleIfError: self.answer(exchange, from: stored, .stale)
        }
    }

    /// Begins a response that is being fetched.
    func begin(_ exchange: Exchange, with head: FetchedHead, _ reader: CacheReader) {
        let isConfirmed = head.upstreamStatus == 304
        self.meters.count(isConfirmed ? .revalidated : reader.isFirst ? .miss : .coalesced, of: exchange)
        let isStored = head.lifetime != nil
        if isStored, CompressionMiddleware.accepted(by: exchange) != nil {
            exchange[KeptBody.key] = .fetched(reader.fetch, self.shared.store)
        }
        exchange.driver.answer(with: reader, from: reader.place) { response in
            response.fill(with: head)
            response.headers.changeReferences { reference in
                exchange.request.headers.withBytes(exchange.clientHost) { HostReference.withHost(reference, $0) }
            }
            guard self.showsStatus else { return }
            response.headers.add(CacheStatusField.name) { field in
                field.writeForwarded(
                    reader,
                    status: head.upstreamStatus,
                    isStored: isStored,
                    detail: head.detail
                )
            }
        }
    }

    /// Whether the response to another request may answer this one.
    func mayShare(_ head: FetchedHead, _ exchange: Exchange, _ request: CacheRequest) -> Bool {
        guard let lifetime = head.lifetime, lifetime.reuse(by: request, at: self.now) == .fresh else { return false }
        return head.variant?.selects(exchange.request.headers) ?? false
    }

    /// Whether the stored response to another request may answer this one.
    func mayShare(
        _ stored: StoredResponse,
        _ result: FetchResult,
        _ exchange: Exchange,
        _ request: CacheRequest
    ) -> Bool {
        guard stored.variant.selects(exchange.request.headers) else { return false }
        if result == .staleIfError { return stored.lifetime.mayServeOnError(by: request, at: self.now) }
        return stored.lifetime.reuse(by: request, at: self.now) == .fresh
    }

    func fail(_ exchange: Exchange, _ error: GatewayError, _ reader: CacheReader) -> Decision {
        self.meters.count(reader.isFirst ? .miss : .coalesced, of: exchange)
        return .fail(error)
    }

    func lookUpAgain(_ exchange: Exchange, _ reader: CacheReader) -> Decision {
        // Its own response is not stored, so it goes upstream with the conditions and the range of the client.
        if reader.isFirst { return self.pass(exchange, because: reader.reason) }
        return self.request(exchange, lookups: reader.lookups + 1, selectedBy: reader.names)
    }

    /// Lets a request go upstream that the cache does not look for.
    func bypass(_ exchange: Exchange, _ reason: CacheRequest.Bypass?) -> Decision {
        self.meters.count(.bypass, of: exchange)
        var detail = reason?.detail
        if reason == nil { detail = exchange.isGRPC ? "grpc" : "upgrade" }
        let text: StaticString = reason == .method ? "fwd=method" : "fwd=bypass"
        exchange[CacheStatusField.forwarded] = CacheStatusField.Forwarded(text: text, detail: detail)
        return .next
    }

    /// Lets a request that nothing stored answers go upstream as the client sent it.
    func pass(_ exchange: Exchange, because reason: CacheReader.Reason, detail: StaticString? = nil) -> Decision {
        self.meters.count(.miss, of: exchange)
        exchange[CacheStatusField.forwarded] = CacheStatusField.Forwarded(text: reason.text, detail: detail)
        return .next
    }

    /// The response to a request that has passed.
    func passed(_ exchange: Exchange) {
        self.heard(exchange)
        if let tags = self.tagsHeader { exchange.response.headers.removeAll(tags) }
        guard self.showsStatus, exchange.origin != .gateway, let forwarded = exchange[CacheStatusField.forwarded] else {
            return
        }
        exchange.response.headers.add(CacheStatusField.name) { field in
            field.write("gateway; ")
            field.write(forwarded.text)
            field.writeDetail(forwarded.detail)
        }
    }
}

/// `Cache-Status` (RFC 9211).
enum CacheStatusField {
    static let name = HeaderName("Cache-Status")

    /// Why a request went upstream, and what else is worth telling about it.
    struct Forwarded {
        let text: StaticString
        let detail: StaticString?
    }

    static let forwarded = ExchangeKey<Forwarded?>("cache.forwarded", initial: nil)
}

extension ResponseHead {
    /// Replaces the head with one that was fetched.
    mutating func fill(with head: FetchedHead) {
        self.headers.clear()
        self.status = head.status
        self.minorVersion = 1
        self.keepAlive = true
        self.connectionNamesFields = false
        self.headers.add(head.fields)
        self.framing = head.framing
    }
}

extension CacheReader.Reason {
    /// RFC 9211 section 2.2
    fileprivate var text: StaticString {
        switch self {
        case .uriMiss: "fwd=uri-miss"
        case .varyMiss: "fwd=vary-miss"
        case .request: "fwd=request"
        case .stale: "fwd=stale"
        }
    }
}

extension HeadWriter {
    /// Writes that the response was fetched from the upstream.
    fileprivate mutating func writeForwarded(
        _ reader: CacheReader,
        status: Int,
        isStored: Bool,
        detail: StaticString? = nil
    ) {
        self.write("gateway; ")
        self.write(reader.reason.text)
        if reader.reason == .stale {
            self.write("; fwd-status=")
            self.write(decimal: status)
        }
        if isStored { self.write("; stored") }
        if !reader.isFirst { self.write("; collapsed") }
        self.writeDetail(detail)
    }

    fileprivate mutating func writeDetail(_ detail: StaticString?) {
        guard let detail else { return }
        self.write("; detail=")
        self.write(detail)
    }
}
