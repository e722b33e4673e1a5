import GatewayCache
import GatewayCore
import GatewayHTTP
import NIOCore

/// A client's exchange that gets its response from a fetch, in place of its own upstream.
///
/// The exchange is suspended until there is a head. From then on the response comes as from a connection, and the client
/// slows it down as it would any upstream.
final class CacheReader: UpstreamStream {
    let exchange: Exchange
    private let generation: UInt32
    let place: Int
    private let resumption: Resumption
    private let route: CacheRoute
    let fetch: CacheFetch
    let id: CacheFetch.StateMachine.ReaderID
    /// The request upstream, if this exchange caused it.
    weak var feeder: CacheFeeder?
    let request: CacheRequest
    /// How often the request was looked up again.
    let lookups: Int
    /// Whether the exchange caused the fetch.
    let isFirst: Bool
    let reason: Reason
    /// The fields that select among the responses of the URL, once a head has shown them.
    private(set) var names: [HeaderName]?

    private var hasHead = false
    private var isPaused = false
    private var isPumping = false
    private var isOver = false

    init(
        _ exchange: Exchange,
        of fetch: CacheFetch,
        as id: CacheFetch.StateMachine.ReaderID,
        _ request: CacheRequest,
        lookups: Int,
        isFirst: Bool,
        because reason: Reason,
        in route: CacheRoute
    ) {
        self.exchange = exchange
        self.generation = exchange.generation
        self.place = exchange.currentPlace
        self.resumption = exchange.resumption()
        self.route = route
        self.fetch = fetch
        self.id = id
        self.request = request
        self.lookups = lookups
        self.isFirst = isFirst
        self.reason = reason
    }

    /// Why no stored response answers the request (RFC 9211 section 2.2).
    enum Reason {
        case uriMiss, varyMiss, stale
        /// There is one that is fresh, but not for this request.
        case request
    }

    // MARK: The fetch

    /// Called when the fetch has changed, or the client takes more.
    func pump() {
        guard !self.isPumping else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        var hasWritten = false
        while !self.isOver, !(self.hasHead && self.isPaused) {
            switch self.fetch.next(self.id, of: self.route.loop) {
            case .wait:
                if hasWritten { self.exchange.upstreamPaused() }
                return
            case .head(let head):
                guard self.fetch.answers(self.id) || self.route.mayShare(head, self.exchange, self.request) else {
                    self.names = head.variant?.names
                    self.fetch.leave(self.id)
                    self.conclude { route, exchange, reader in route.lookUpAgain(exchange, reader) }
                    return
                }
                self.hasHead = true
                self.isPaused = false
                hasWritten = true
                self.reportFeeder()
                self.route.begin(self.exchange, with: head, self)
            case .chunk(let chunk):
                hasWritten = true
                self.exchange.receive(responseBody: chunk)
            case .end(let trailers):
                self.end()
                self.exchange.receiveResponseEnd(trailers: trailers)
            case .cut(let error):
                self.end()
                self.exchange.upstreamFailed(error as? GatewayError ?? GatewayError(.internalError))
            case .stored(let response, let result):
                guard self.fetch.answers(self.id) || self.route.mayShare(response, result, self.exchange, self.request)
                else {
                    self.names = response.variant.names
                    self.conclude { route, exchange, reader in route.lookUpAgain(exchange, reader) }
                    continue
                }
                self.conclude { route, exchange, reader in route.answer(exchange, from: response, result, reader) }
            case .leave: self.conclude { route, exchange, reader in route.lookUpAgain(exchange, reader) }
            case .fail(let error):
                let error = error as? GatewayError ?? GatewayError(.internalError)
                self.conclude { route, exchange, reader in route.fail(exchange, error, reader) }
            }
        }
        guard !self.isOver else { return }
        // A client that takes all of it at once accepts more within this call, and the reader must go on then.
        self.isPumping = false
        self.exchange.client?.flush()
    }

    /// Lets the suspended hook decide.
    private func conclude(_ decide: @escaping @Sendable (CacheRoute, Exchange, CacheReader) -> Decision) {
        self.end()
        self.exchange.upstream = nil
        let bound = NIOLoopBound(self, eventLoop: self.exchange.worker.eventLoop)
        self.resumption.resume { exchange in decide(bound.value.route, exchange, bound.value) }
    }

    /// Sends this request upstream too, because the first one takes long.
    func startSecond() { self.route.startSecond(of: self.fetch, for: self) }

    /// Whether the exchange still waits for a head.
    var isWaiting: Bool { !self.isOver && !self.hasHead && self.exchange.generation == self.generation }

    /// Tells the exchange which upstream answers, and how often it was asked.
    func reportFeeder() {
        guard self.exchange.generation == self.generation, let inner = self.feeder?.exchange else { return }
        self.exchange.report(inner)
    }

    /// Tells the exchange that the second tier was asked.
    func reportTier(since beganAt: NIODeadline) {
        guard self.exchange.generation == self.generation else { return }
        self.exchange.recordCall(.cache, since: beganAt)
    }

    private func end() {
        guard !self.isOver else { return }
        self.isOver = true
        self.reportFeeder()
        self.route.loop.remove(self)
    }

    // MARK: The exchange

    var isWritable: Bool { true }
    var mayBeSentAgain: Bool { false }
    func writeBody(_ chunk: ByteBuffer) {}
    func writeEnd(trailers: TrailerSection?) {}
    func flush() {}

    func pauseReading() { self.isPaused = true }

    func resumeReading() {
        guard self.isPaused else { return }
        self.isPaused = false
        guard self.hasHead, !self.isPumping else { return }
        self.route.loop.pumpLater(self)
    }

    /// The client has left, or gets another response.
    func cancel() {
        guard !self.isOver else { return }
        self.end()
        self.fetch.leave(self.id)
    }
}

@available(*, unavailable)
extension CacheReader: Sendable {}
