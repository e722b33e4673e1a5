import GatewayCache
import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// The cache of one route on one event loop. It decides what answers a request: a stored response, a fetch that is under
/// way, a fetch of its own, or the upstream without the cache.
final class CacheRoute {
    let name: String
    let worker: Worker
    let shared: SharedCache
    let loop: CacheLoop
    let policy: CachePolicy
    private let ignoresClient: Bool
    let meters: CacheMeters
    let maxObject: Int
    let tagsHeader: HeaderName?
    let showsStatus: Bool
    let servesRanges: Bool
    /// What is shared with other gateways. Nil: nothing.
    let tier: CacheTier?
    let maxTierObject: Int
    /// Keeps it, with the connection to Redis.
    private let redis: RedisTier?
    private let rules: CacheRequestRules
    /// The hash of the keys after the name of the route.
    private let keyStart: SipHash
    private let keysByHost: Bool
    /// What is known of consumers if each has its own responses. Nil: all share them.
    private let consumers: CacheConsumers?
    private let vary: [HeaderName]
    private let coalesces: Bool
    private let coalesceWait: TimeAmount
    /// The part of the chain below the cache. Made when it is first needed, because the cache is built before the chain.
    private var inner: RoutePlan?

    /// How often a request is looked up before it goes upstream by itself.
    private static let maxLookups = 3
    /// Why a response is not stored, for `Cache-Status`.
    static let tooLarge: StaticString = "too-large"

    init(_ config: CacheMiddleware.Config, in context: borrowing BuildContext) {
        self.name = context.route
        self.worker = context.worker
        let worker = context.worker
        self.shared = context.lasting("shared") { SharedCache(at: worker) }
        self.loop = CacheLoop(context.worker)
        self.policy = CachePolicy(config)
        self.ignoresClient = self.policy.ignoresClient
        self.meters = CacheMeters(in: context)
        self.maxObject = config.maxObject.bytes
        self.maxTierObject = config.redisMaxObject.bytes
        self.redis = config.store == .redis && context.hasRedis ? self.shared.tier(in: context) : nil
        self.tier = self.redis?.cache
        self.tagsHeader = HeaderName(validating: config.tagsHeader)
        self.showsStatus = config.statusHeader
        self.servesRanges = config.ranges
        self.rules = CacheRequestRules(config)
        var start = SipHash(seed: self.shared.seed)
        for byte in self.name.utf8 { start.combine(byte) }
        self.keyStart = start
        self.keysByHost = config.keyHost
        self.consumers = config.keyConsumer ? CacheConsumers(context.auth) : nil
        self.vary = config.vary.compactMap { HeaderName(validating: $0) }
        self.coalesces = config.coalesce
        self.coalesceWait = .nanoseconds(config.coalesceWait.nanoseconds)
        self.shared.store.maxSize = max(self.shared.store.maxSize, config.maxSize.bytes)
    }

    /// Milliseconds since 1970 on a clock that never goes back.
    var now: Int64 { self.shared.time(at: self.worker.now) }

    // MARK: Requests

    /// - Parameter names: The fields that select among the responses of the URL, if a look-up has shown them.
    func request(_ exchange: Exchange, lookups: Int = 1, selectedBy names: [HeaderName]? = nil) -> Decision {
        if !self.rules.isEmpty { self.rules.apply(to: exchange) }
        var request = CacheRequest(
            exchange.request,
            ignoresClient: self.ignoresClient,
            accepted: self.consumers?.accepted(in: exchange) ?? []
        )
        // The upstream may not see the credential, but what it answers may depend on it. The key does not stand for callers
        // without a name.
        if exchange.caller != nil, self.consumers == nil || exchange.callerName() == nil {
            request.hasCredentials = true
        }
        guard request.bypass == nil, exchange.upgrade == nil, !exchange.isGRPC else {
            return self.bypass(exchange, request.bypass)
        }
        let key = self.key(of: exchange)
        if exchange.isOwn { exchange[CacheMiddleware.warmKey] = key }
        let now = self.now
        var stale: StoredResponse?
        var reason = CacheReader.Reason.uriMiss
        if let stored = self.shared.store.find(key, for: exchange.request.headers, at: now) {
            switch stored.lifetime.reuse(by: request, at: now) {
            case .fresh where exchange.isOwn, .acceptedStale where exchange.isOwn,
                .staleWhileRevalidate where exchange.isOwn:
                stale = stored
            case .fresh: return self.answer(exchange, from: stored, .hit)
            case .acceptedStale: return self.answer(exchange, from: stored, .stale)
            case .staleWhileRevalidate:
                self.refresh(stored, key, exchange, request)
                return self.answer(exchange, from: stored, .stale)
            case .revalidate:
                stale = stored
                reason = stored.lifetime.isFresh(at: now) ? .request : .stale
            case .unusable: reason = .request
            }
        }
        if request.isOnlyIfCached {
            self.meters.count(.miss, of: exchange)
            return .fail(GatewayError(.notCached))
        }
        guard exchange.request.method == .get, lookups <= Self.maxLookups else {
            if let stale, exchange.request.method == .head { self.ask(about: stale, exchange, request) }
            return self.pass(exchange, because: reason)
        }
        var variant = stale?.variant
        if stale == nil {
            let stored = self.shared.store.variants(of: key).first?.variant.names
            if stored != nil, reason == .uriMiss { reason = .varyMiss }
            if let names = names ?? stored { variant = Variant(names, of: exchange.request.headers) }
        }
        return self.fetch(key, exchange, request, revalidating: stale, variant, because: reason, lookups)
    }

    /// Lets the exchange wait for a fetch: one that is under way, or else one of its own.
    private func fetch(
        _ key: CacheKey,
        _ exchange: Exchange,
        _ request: CacheRequest,
        revalidating stale: StoredResponse?,
        _ variant: Variant?,
        because reason: CacheReader.Reason,
        _ lookups: Int
    ) -> Decision {
        let mark = self.shared.fetches.mark(of: key, at: self.now)
        // What is not stored answers no conditions and has no parts.
        if mark == .tooLarge || mark == .unshared && stale == nil && request.asksForPart {
            return self.pass(exchange, because: reason, detail: mark == .tooLarge ? Self.tooLarge : nil)
        }
        let joins = self.coalesces && mark == nil
        let stamp = self.shared.store.stamp
        let start = self.shared.fetches.joinOrStart(key) { (fetch: CacheFetch) -> Start? in
            guard joins, fetch.stamp == stamp else { return nil }
            let id = fetch.join(self.loop, takesStored: request.asksForPart) { $0.selects(exchange.request.headers) }
            return id.map { Start(fetch: fetch, reader: $0, isFirst: false) }
        } start: { () -> (CacheFetch, Start) in
            let fetch = self.makeFetch(key, variant)
            let id = fetch.addFirst(self.loop, takesStored: request.asksForPart)
            return (fetch, Start(fetch: fetch, reader: id, isFirst: true))
        }
        let (fetch, id, isFirst) = (start.fetch, start.reader, start.isFirst)
        let reader = CacheReader(
            exchange,
            of: fetch,
            as: id,
            request,
            lookups: lookups,
            isFirst: isFirst,
            because: reason,
            in: self
        )
        exchange.deadlines.begin()
        exchange.upstream = reader
        self.loop.add(reader)
        if isFirst {
            let feeder = CacheFeeder(fetch, request, stale: stale, causedBy: exchange, informs: true, in: self)
            reader.feeder = feeder
            feeder.reader = reader
            self.loop.start(feeder)
        } else {
            // There may be a head already, of which nobody tells again.
            self.loop.pumpLater(reader)
            self.loop.startSecond(of: fetch, after: self.coalesceWait, for: reader)
        }
        return .suspend
    }

    private struct Start {
        let fetch: CacheFetch
        let reader: CacheFetch.StateMachine.ReaderID
        let isFirst: Bool
    }

    private func makeFetch(_ key: CacheKey, _ variant: Variant?) -> CacheFetch {
        CacheFetch(
            key,
            variant: variant,
            startedAt: self.now,
            stamp: self.shared.store.stamp,
            maxBody: self.maxObject
        )
    }

    /// Fetches a stale response again while it is served.
    func refresh(_ stale: StoredResponse, _ key: CacheKey, _ exchange: Exchange, _ request: CacheRequest) {
        guard exchange.request.method == .get else { return }
        let started = self.shared.fetches.joinOrStart(key) { fetch -> CacheFetch?? in
            fetch.isFor(exchange.request.headers) ? .some(nil) : nil
        } start: {
            let fetch = self.makeFetch(key, stale.variant)
            return (fetch, fetch)
        }
        guard let fetch = started else { return }
        self.loop.start(CacheFeeder(fetch, request, stale: stale, causedBy: exchange, informs: false, in: self))
    }

    /// Starts another request of a fetch that has waited for long.
    func startSecond(of fetch: CacheFetch, for reader: CacheReader) {
        let feeder = CacheFeeder(
            fetch,
            reader.request,
            stale: nil,
            causedBy: reader.exchange,
            for: reader.id,
            informs: false,
            in: self
        )
        self.loop.start(feeder)
    }

    // MARK: Keys and plans

    private func key(of exchange: Exchange) -> CacheKey {
        var hash = self.keyStart
        self.write(afterNameInKeyOf: exchange, to: &hash)
        let (high, low) = hash.finish()
        return CacheKey(high: high, low: low)
    }

    /// Writes what makes the key of a request, which is the same on all gateways.
    func write<Sink: CacheKeySink>(keyOf exchange: Exchange, to hash: inout Sink) {
        for byte in self.name.utf8 { hash.combine(byte) }
        self.write(afterNameInKeyOf: exchange, to: &hash)
    }

    private func write<Sink: CacheKeySink>(afterNameInKeyOf exchange: Exchange, to hash: inout Sink) {
        let path = exchange.forwardedPath
        let isSecure = exchange.isSecure
        if self.consumers != nil { CacheConsumers.write(exchange.caller, to: &hash) }
        hash.combine(isSecure ? 1 : 0 as UInt8)
        exchange.request.headers.withBytes(self.keysByHost ? exchange.clientHost : .empty) { host in
            hash.combine(lowercased: HostText.withoutDefaultPort(host, isSecure: isSecure))
        }
        hash.combine(0 as UInt8)
        exchange.request.headers.withBytes(path) { hash.combine($0) }
        if !self.vary.isEmpty {
            hash.combine(0 as UInt8)
            // With lengths, so that a field without a value is not taken for another that is absent.
            for byte in Variant(self.vary, of: exchange.request.headers).tierBytes { hash.combine(byte) }
        }
    }

    /// The URL of a request, for purges.
    func url(of exchange: Exchange) -> String { CacheURL(of: exchange, hasHost: self.keysByHost).text }

    func innerPlan(of exchange: Exchange) -> RoutePlan {
        if let inner = self.inner { return inner }
        let plan = exchange.plan.below(exchange.currentPlace)
        self.inner = plan
        return plan
    }
}

@available(*, unavailable)
extension CacheRoute: Sendable {}

/// The host of a request as bytes.
enum HostText {
    static func withoutDefaultPort(_ host: UnsafeRawBufferPointer, isSecure: Bool) -> UnsafeRawBufferPointer {
        let port: StaticString = isSecure ? ":443" : ":80"
        let suffix = UnsafeRawBufferPointer(port)
        guard host.count > suffix.count else { return host }
        let start = host.count - suffix.count
        for index in 0..<suffix.count where host[start + index] != suffix[index] { return host }
        return UnsafeRawBufferPointer(rebasing: host[..<start])
    }
}
