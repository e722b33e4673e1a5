import GatewayCache
import GatewayCore
import GatewayHTTP
import GatewayTLS
import NIOCore

/// The request upstream of a fetch, as the client of an inner exchange: what the exchange would write to a client goes
/// into the fetch.
final class CacheFeeder: ClientStream {
    let fetch: CacheFetch
    let id: Int
    /// The reader whose request is sent. Nil: the one that caused the fetch, if there is one.
    let asker: CacheFetch.StateMachine.ReaderID?
    private let route: CacheRoute
    private(set) var exchange: Exchange?
    /// The exchange that caused the fetch, for its log.
    weak var reader: CacheReader?
    /// What the request asks for, as the cache sees it.
    let request: CacheRequest
    /// The stored response that the request revalidates.
    private(set) var stale: StoredResponse?
    /// The exchange that caused the fetch, for informational responses. It may serve another request by now.
    private let cause: Exchange?
    private let causeGeneration: UInt32

    let peer: ClientAddress
    let scheme: StaticString
    let tls: TLSSession?
    let protocolName: StaticString
    let announcedClients: AnnouncedClients?

    /// The URL of the request, for purges.
    let url: String
    var head: FetchedHead?
    var tags: [String] = []
    /// Whether the gateway itself has caused the fetch, to keep the response fresh.
    let isOwn: Bool
    /// Where the second tier has the response. Nil: there is none.
    let tierKey: TierKey?
    /// Whether the request goes upstream even if the second tier has the response.
    var skipsTier = false
    /// The last purge in the second tier that was known when the request was sent.
    var seen = TierStamp.none
    /// The fields that are not stored.
    var withheld: [HeaderName] = []
    private var isPaused = false
    private var hasEnded = false

    /// - Parameter cause: The exchange whose request is sent.
    init(
        _ fetch: CacheFetch,
        _ request: CacheRequest,
        stale: StoredResponse?,
        causedBy cause: Exchange,
        for asker: CacheFetch.StateMachine.ReaderID? = nil,
        informs: Bool,
        in route: CacheRoute
    ) {
        self.fetch = fetch
        self.id = fetch.addFeeder(route.loop, for: asker)
        self.asker = asker
        self.route = route
        self.request = request
        self.stale = stale
        self.cause = informs ? cause : nil
        self.causeGeneration = cause.generation
        self.peer = cause.peer
        self.scheme = cause.client?.scheme ?? "http"
        self.tls = cause.client?.tls
        self.protocolName = cause.client?.protocolName ?? "HTTP/1.1"
        self.announcedClients = cause.client?.announcedClients
        self.url = route.url(of: cause)
        self.isOwn = cause.isOwn
        self.tierKey = route.tierKey(of: cause)
        let exchange = cause.worker.makeExchange()
        exchange.driver.copyRequest(of: cause, plan: route.innerPlan(of: cause), for: self)
        // A page with the nonce of one client is not stored.
        if let nonce = cause[SecurityHeadersMiddleware.nonce] { exchange[SecurityHeadersMiddleware.nonce] = nonce }
        self.exchange = exchange
        route.prepare(exchange, revalidating: stale)
    }

    /// Looks into the second tier first, if there is one.
    func start() { self.route.start(self) }

    func begin() { self.exchange?.driver.beginInner() }

    /// Lets the request ask whether a stored response is still current.
    func revalidate(_ stale: StoredResponse) {
        guard let exchange = self.exchange else { return }
        self.stale = stale
        self.route.prepare(exchange, revalidating: stale)
    }

    // MARK: The fetch

    /// Called when the fetch has changed.
    func goOn() {
        guard let exchange = self.exchange else { return }
        switch self.fetch.feeding(self.id) {
        case .go:
            guard self.isPaused else { return }
            self.isPaused = false
            exchange.driver.clientWritable()
        case .pause: self.isPaused = true
        case .stop: if !self.hasEnded { exchange.driver.clientGone() }
        }
    }

    // MARK: The response

    var isWritable: Bool { !self.isPaused }

    func writeInformational(_ head: borrowing ResponseHead) {
        guard let cause = self.cause, cause.generation == self.causeGeneration, let client = cause.client,
            self.fetch.isWaiting
        else { return }
        client.writeInformational(head)
        client.flush()
    }

    func writeHead(of exchange: Exchange) {
        self.route.received(exchange, self)
    }

    func writeBody(_ chunk: ByteBuffer) {
        if case .tooLarge = self.fetch.body(chunk, from: self.id) { self.route.grewTooLarge(self) }
        if case .pause = self.fetch.feeding(self.id) { self.isPaused = true }
    }

    func writeEnd(of exchange: Exchange) {
        self.hasEnded = true
        self.route.ended(exchange, self)
    }

    func flush() { self.fetch.flush() }

    func failed(_ error: GatewayError) {
        self.hasEnded = true
        self.route.failed(error, self)
    }

    func cut() { self.breakOff() }

    private func breakOff() {
        guard !self.hasEnded else { return }
        self.hasEnded = true
        _ = self.fetch.failed(GatewayError(.upstreamReset), from: self.id)
    }

    func exchangeEnded(_ exchange: Exchange) {
        self.breakOff()
        self.reader?.reportFeeder()
        self.route.over(self)
        self.exchange = nil
    }

    func pauseRequestBody() {}
    func resumeRequestBody() {}
}

@available(*, unavailable)
extension CacheFeeder: Sendable {}
