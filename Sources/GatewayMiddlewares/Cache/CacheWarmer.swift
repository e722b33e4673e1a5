package import GatewayCache
package import GatewayCore
import GatewayHTTP
import Logging
import NIOCore

/// Makes the requests that keep responses in the cache, on one event loop, as `WarmSchedule` decides.
package final class CacheWarmer {
    package static let requests = MetricDescription(
        "gateway_cache_warm_requests_total",
        .counter,
        help: "Requests that keep responses in the cache, by result: stored, passed (not stored), failed.",
        labels: ["route", "result"]
    )

    private let worker: Worker
    private let cache: SharedCache
    /// The requests run the part of the chain below this place.
    private let place: Int
    /// Whether clients use `https`, which is part of the key.
    private var isSecure = false
    private let isUp: @Sendable (_ route: String) -> Bool
    private var schedule = WarmSchedule()
    private var timer: Scheduled<Void>?
    private var isStopped = false

    /// Call it on the event loop.
    ///
    /// - Parameter isUp: Whether the upstream of a route has a target.
    package init(
        on worker: Worker,
        below place: Int,
        isUp: @escaping @Sendable (_ route: String) -> Bool
    ) {
        self.worker = worker
        self.cache = SharedCache.of(worker)
        self.place = place
        self.isUp = isUp
    }

    /// Takes the requests of a configuration that has come into effect.
    package func replace(with requests: [WarmRequest], isSecure: Bool) {
        self.isSecure = isSecure
        self.schedule.replace(with: requests, at: self.now)
        self.goOn()
    }

    package func stop() {
        self.isStopped = true
        self.timer?.cancel()
    }

    private var now: Int64 { self.cache.time(at: self.worker.now) }

    private func goOn() {
        self.worker.tick()
        guard !self.isStopped else { return }
        for request in self.schedule.due(at: self.now, isReady: { self.isUp($0.route) }) { self.start(request) }
        self.arm()
    }

    private func arm() {
        self.timer?.cancel()
        self.timer = nil
        guard !self.isStopped, let next = self.schedule.next else { return }
        let warmer = NIOLoopBound(self, eventLoop: self.worker.eventLoop)
        self.timer = self.worker.eventLoop.scheduleTask(in: .milliseconds(max(1, next - self.now))) {
            warmer.value.goOn()
        }
    }

    private func start(_ request: WarmRequest) {
        let client = WarmClient(scheme: self.isSecure ? "https" : "http", cache: self.cache)
        let warmer = NIOLoopBound(self, eventLoop: self.worker.eventLoop)
        // The answer may come within the call that asks for it.
        client.ended = { [eventLoop = self.worker.eventLoop] outcome, reason in
            eventLoop.execute { warmer.value.ended(request, outcome, because: reason) }
        }
        let exchange = self.worker.makeExchange()
        let fields = request.fields.compactMap { field in
            HeaderName(validating: field.name).map { (name: $0, value: field.value) }
        }
        let isSent = exchange.driver.beginOwn(
            request.path,
            host: request.host,
            fields: fields,
            on: request.route,
            below: self.place,
            for: client
        )
        if !isSent { client.ended?(.failed, "another route takes it") }
    }

    private func ended(_ request: WarmRequest, _ outcome: WarmSchedule.Outcome, because reason: String?) {
        self.worker.tick()
        let spread = Double(self.worker.random.next() >> 11) / Double(1 << 53)
        self.schedule.ended(request, outcome, at: self.now, spread: spread)
        self.worker.meters.counter(Self.requests, [request.route, outcome.name]).add()
        if let reason {
            self.worker.log.warning(
                "cannot keep a response in the cache: \(reason)",
                metadata: ["route": "\(request.route)", "path": "\(request.path)", "host": "\(request.host)"]
            )
        }
        self.goOn()
    }
}

@available(*, unavailable)
extension CacheWarmer: Sendable {}

extension CacheMiddleware {
    /// Where the response to a request that keeps it in the cache is stored.
    static let warmKey = ExchangeKey<CacheKey?>("cache.warm_key", initial: nil)
}

extension Exchange {
    /// Whether the gateway makes the request to keep its response in the cache. It is sent upstream even if that is fresh.
    var isOwn: Bool { self.plan.isInner }
}

extension WarmSchedule.Outcome {
    fileprivate var name: String {
        switch self {
        case .stored: "stored"
        case .passed: "passed"
        case .failed: "failed"
        }
    }
}

/// The client of a request of the gateway itself, which drops the response.
private final class WarmClient: ClientStream {
    let scheme: StaticString
    private let cache: SharedCache
    var ended: ((WarmSchedule.Outcome, _ reason: String?) -> Void)?
    private var error: String?
    private var isComplete = false
    private var status = 0

    var isWritable: Bool { true }
    var protocolName: StaticString { "HTTP/1.1" }
    var peer: ClientAddress { .unknown }

    init(scheme: StaticString, cache: SharedCache) {
        self.scheme = scheme
        self.cache = cache
    }

    func writeInformational(_ head: borrowing ResponseHead) {}
    func writeHead(of exchange: Exchange) { self.status = exchange.response.status }
    func writeBody(_ chunk: ByteBuffer) {}
    func writeEnd(of exchange: Exchange) { self.isComplete = true }
    func flush() {}
    func pauseRequestBody() {}
    func resumeRequestBody() {}
    func failed(_ error: GatewayError) { self.error = "\(error.code.name)" }
    func cut() {}

    func exchangeEnded(_ exchange: Exchange) {
        guard let ended = self.ended else { return }
        self.ended = nil
        let (outcome, reason) = self.outcome(of: exchange)
        ended(outcome, reason)
    }

    private func outcome(of exchange: Exchange) -> (WarmSchedule.Outcome, reason: String?) {
        if let error = self.error { return (.failed, error) }
        guard self.isComplete else { return (.failed, "the response broke off") }
        let now = self.cache.time(at: exchange.now)
        if let key = exchange[CacheMiddleware.warmKey],
            let stored = self.cache.store.find(key, for: exchange.request.headers, at: now)
        {
            return (.stored(freshFor: stored.lifetime.lifetime - stored.lifetime.age(at: now)), nil)
        }
        if self.status >= 500 { return (.failed, "the upstream answered with \(self.status)") }
        return (.passed, "the response with status \(self.status) is not to be stored")
    }
}

@available(*, unavailable)
extension WarmClient: Sendable {}
