import GatewayCache
import GatewayCore
import GatewayHTTP
import NIOCore

/// What the client gets.
extension CacheRoute {
    /// Answers with a stored response.
    func answer(_ exchange: Exchange, from stored: StoredResponse, _ result: CacheResult) -> Decision {
        self.meters.count(result, of: exchange)
        let now = self.now
        let store = self.shared.store
        return StoredAnswer.answer(exchange, from: stored, in: store, at: now, ranges: self.servesRanges) { fields in
            guard self.showsStatus else { return }
            // In whole seconds, so that it fits to `Age`.
            let left = stored.lifetime.lifetime / 1000 - stored.lifetime.age(at: now) / 1000
            fields.add(CacheStatusField.name) { $0.write(result, secondsLeft: left) }
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
        case .found: self.answer(exchange, from: stored, .hit)
        case .fetched: self.answer(exchange, from: stored, reader.isFirst ? .miss : .coalesced)
        case .revalidated: self.answer(exchange, from: stored, .revalidated)
        case .staleIfError: self.answer(exchange, from: stored, .stale)
        }
    }

    /// Begins a response that is being fetched.
    func begin(_ exchange: Exchange, with head: FetchedHead, _ reader: CacheReader) {
        let result: CacheResult = reader.isFirst ? .miss : .coalesced
        self.meters.count(result, of: exchange)
        let isStored = head.lifetime != nil
        exchange.driver.answer(with: reader, from: reader.place) { response in
            response.fill(with: head)
            guard self.showsStatus else { return }
            response.headers.add(CacheStatusField.name) { field in
                field.write(reader.isStale ? "gateway; fwd=stale" : "gateway; fwd=uri-miss")
                if reader.isStale {
                    field.write("; fwd-status=")
                    field.write(decimal: head.status)
                }
                if isStored { field.write("; stored") }
                if !reader.isFirst { field.write("; collapsed") }
            }
        }
    }

    /// Whether the response to another request may answer this one.
    func mayShare(_ head: FetchedHead, _ exchange: Exchange, _ request: CacheRequest) -> Bool {
        guard let lifetime = head.lifetime, lifetime.reuse(by: request, at: self.now) == .fresh else { return false }
        return head.variant?.selects(exchange.request.headers) ?? false
    }

    func fail(_ exchange: Exchange, _ error: GatewayError, _ reader: CacheReader) -> Decision {
        self.meters.count(reader.isFirst ? .miss : .coalesced, of: exchange)
        return .fail(error)
    }

    func lookUpAgain(_ exchange: Exchange, _ reader: CacheReader) -> Decision {
        // Its own response is not stored, so it goes upstream with the conditions and the range of the client.
        if reader.isFirst { return self.pass(exchange, .miss) }
        return self.request(exchange, lookups: reader.lookups + 1, selectedBy: reader.names)
    }

    enum Passing {
        case bypass(CacheRequest.Bypass?)
        case miss
    }

    /// Lets the request go upstream as the client sent it.
    func pass(_ exchange: Exchange, _ reason: Passing) -> Decision {
        switch reason {
        case .bypass(let bypass):
            self.meters.count(.bypass, of: exchange)
            exchange[CacheStatusField.forwarded] = bypass == .method ? "fwd=method" : "fwd=bypass"
        case .miss:
            self.meters.count(.miss, of: exchange)
            exchange[CacheStatusField.forwarded] = "fwd=uri-miss"
        }
        return .next
    }

    /// The response to a request that has passed.
    func passed(_ exchange: Exchange) {
        if let tags = self.tagsHeader { exchange.response.headers.removeAll(tags) }
        guard self.showsStatus, exchange.origin != .gateway, let forwarded = exchange[CacheStatusField.forwarded] else {
            return
        }
        exchange.response.headers.add(CacheStatusField.name) { field in
            field.write("gateway; ")
            field.write(forwarded)
        }
    }
}

/// `Cache-Status` (RFC 9211).
enum CacheStatusField {
    static let name = HeaderName("Cache-Status")
    /// Why the request went upstream.
    static let forwarded = ExchangeKey<StaticString?>("cache.forwarded", initial: nil)
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

extension HeadWriter {
    /// Writes what a stored response was to the request.
    fileprivate mutating func write(_ result: CacheResult, secondsLeft: Int64) {
        switch result {
        case .hit, .stale: self.write("gateway; hit")
        case .revalidated: self.write("gateway; fwd=stale; fwd-status=304")
        case .coalesced: self.write("gateway; fwd=uri-miss; collapsed")
        case .miss, .bypass: self.write("gateway; fwd=uri-miss; stored")
        }
        self.write("; ttl=")
        if secondsLeft < 0 { self.write(UInt8(ascii: "-")) }
        self.write(decimal: Int(secondsLeft.magnitude))
    }
}
