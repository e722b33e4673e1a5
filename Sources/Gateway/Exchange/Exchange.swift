public import GatewayHTTP
public import GatewayHTTP1
import NIOCore

/// The data of one request and its response, from the first byte in to the last byte out. It belongs to one event loop
/// and is reused for later requests, so hooks must not keep it. `ExchangeDriver.swift` defines the order of events.
public final class Exchange {
    let worker: Worker
    /// Told apart from its other lives by this number.
    private(set) var generation: UInt32 = 0

    // MARK: What came

    /// The request, as the next middleware and the upstream see it.
    public var request = RequestHead()
    /// Of the request target, as the client wrote it; ranges over `request.headers`.
    var rawPath = ByteRange.empty
    var query: ByteRange {
        get { self.request.queryRange }
        set { self.request.queryRange = newValue }
    }
    /// The normalised path, which routes match.
    var path: ByteRange {
        get { self.request.normalPath }
        set { self.request.normalPath = newValue }
    }
    var captures = PathCaptures()
    /// The sender of the request: the peer of the connection, or the client that a trusted proxy names.
    public internal(set) var clientAddress = ClientAddress.unknown
    var isFromTrustedPeer = false
    /// From a trusted peer alone; of the last life where it is not from one.
    var forwardedOrigin = ForwardedOrigin()
    var acceptsTrailers = false
    /// What `Connection` named beside what it usually does: trailers of these names end here too.
    var fieldsNamedByRequest: [HeaderName] = []
    var fieldsNamedByResponse: [HeaderName] = []
    /// `Max-Forwards` has come to its end.
    var isLastHop = false
    /// In `request.headers`; empty where the request ID is switched off.
    var requestIDRange = ByteRange.empty
    /// The upstream must not encode the response, because a middleware rewrites its body. `Accept-Encoding` is removed at the
    /// bottom of the chain, since compression reads it on the way down.
    var needsUnencodedResponse = false

    /// How many more bytes of a body of unknown length are taken from the client; nil where any number is.
    var requestBodyRest: Int?

    // MARK: What goes back

    /// The response, as the next middleware and the client see it. Undefined until there is one.
    public var response = ResponseHead()
    var responseTrailers: TrailerSection?
    /// A whole `Set-Cookie`, that ties the client to its target.
    var cookieToSet: [UInt8]?
    /// The code of the gateway's own error, if this is one.
    var errorCode: GatewayError.Code?

    /// Taken out of the request when it is first forwarded.
    var forwardingFields: ForwardingFields?
    /// Why no route takes it, where none does.
    var refusal: Refusal?

    /// In an object, since an error is large and hardly ever there.
    final class Refusal {
        let error: GatewayError
        init(_ error: GatewayError) { self.error = error }
    }

    // MARK: Where it stands

    var plan: RoutePlan
    var cursor = ChainCursor()
    var client: (any ClientStream)?
    var upstream: (any UpstreamStream)?
    /// The time limits of this exchange.
    public var deadlines = Deadlines(from: .uptimeNanoseconds(0))
    var stage = Stage.idle
    /// The whole request, with its body, has come.
    var isRequestEnded = false
    /// Which endpoint the request goes to, and how that went.
    let upstreamCall = UpstreamCall()

    // MARK: What the chain asked for

    /// What the walk stands still for.
    var halt = Halt.none
    /// Which halt this is, so that a late decision is not taken for another's.
    var haltNumber: UInt32 = 0
    /// The collected body of the current direction.
    public internal(set) var collected = CollectedBody.none
    /// What features keep under their keys.
    var values = ExchangeValues()
    /// Of the request's body, what has come and has not gone upstream.
    var requestHeld = ByteBuffer()
    /// The whole body where it was collected, so that it can be sent again.
    var collectedRequest: ByteBuffer?
    var requestTrailers: TrailerSection?
    var requestPipeline: BodyPipeline?
    /// Of the response's body, what has come while the head is held; a local answer's whole body.
    var responseHeld = ByteBuffer()
    /// Until then a hook waits for a response's body; after that it does without. In the past, it takes only what comes with
    /// the read that is under way.
    var collectsUntil = NIODeadline.distantFuture
    var responsePipeline: BodyPipeline?
    /// What the transforms hold back goes out whenever the upstream pauses.
    var flushesOnPause = false
    /// Writes the body of the local answer that is about to be given.
    var localStream: (any BodyTransform)?
    /// No more of the response's body comes.
    var isResponseEnded = false
    /// The origin of the response.
    public internal(set) var origin = Origin.upstream

    enum Halt: Hashable {
        case none
        /// For a ``Resumption``.
        case suspended
        /// For a body of at most so many bytes.
        case collecting(limit: Int)
    }

    /// The origin of a response.
    public enum Origin: Sendable {
        /// The upstream, with any status.
        case upstream
        /// The gateway, as an error.
        case gateway
        /// A middleware, or a route's `respond` or `redirect`.
        case local
    }

    enum Stage: UInt8 {
        /// → descending
        case idle
        /// In the request hooks. → waiting, climbing
        case descending
        /// For a connection or for the upstream's head. → climbing
        case waiting
        /// In the response hooks. → responding
        case climbing
        /// The head has been written. → flushing, over
        case responding
        /// The last byte was written, the client has yet to take it. → over
        case flushing
        /// → idle
        case over
    }

    // MARK: What is told about it

    /// The request's first byte came in.
    var startedAt = NIODeadline.uptimeNanoseconds(0)
    /// The response's first byte went out.
    var firstByteAt: NIODeadline?
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0
    /// Why its upstream has failed it, for the log.
    var failure: UpstreamFailure?
    var target: UpstreamTarget? { self.upstreamCall.target }
    /// nil where it was answered above the upstream.
    var upstreamName: String? {
        guard self.upstreamCall.pool != nil || self.upstreamCall.attempts > 0,
            case .upstream(let upstream) = self.plan.action
        else { return nil }
        return upstream.name
    }

    private let deadlineSlot: DeadlineWheel.Slot
    private var armedUntil = NIODeadline.distantFuture

    init(worker: Worker, plan: RoutePlan) {
        self.worker = worker
        self.plan = plan
        self.deadlineSlot = worker.deadlines.makeSlot()
        worker.deadlines.own(self.deadlineSlot, self)
    }

    /// Begins a new life. `request` is already filled; its first byte came in at `start`, or now.
    func reset(client: any ClientStream, at now: NIODeadline, since start: NIODeadline? = nil) {
        self.client = client
        self.startedAt = start ?? now
        self.stage = .descending
        self.cursor = ChainCursor()
        self.deadlines = Deadlines(from: now)
        self.isRequestEnded = self.request.framing.isEmpty
        self.upstreamCall.reset()
        self.firstByteAt = nil
        self.errorCode = nil
        self.cookieToSet = nil
        self.failure = nil
        self.bytesOut = 0
        self.requestIDRange = .empty
        self.refusal = nil
        self.forwardingFields = nil
        self.acceptsTrailers = false
        self.isLastHop = false
        if !self.fieldsNamedByRequest.isEmpty { self.fieldsNamedByRequest = [] }
        if !self.fieldsNamedByResponse.isEmpty { self.fieldsNamedByResponse = [] }
        self.needsUnencodedResponse = false
        self.requestBodyRest = nil
        self.captures.removeAll()
        self.isResponseEnded = false
        self.halt = .none
    }

    /// Drops what it holds, before it waits for its next life.
    func release() {
        self.generation &+= 1
        self.stage = .idle
        self.client = nil
        self.upstream = nil
        self.responseTrailers = nil
        self.bytesIn = 0
        if self.usesBodies { self.releaseBodies() }
    }

    /// True where something below was used; nearly never.
    var usesBodies = false

    private func releaseBodies() {
        self.usesBodies = false
        self.collected = .none
        self.requestHeld = ByteBuffer()
        self.collectedRequest = nil
        self.requestTrailers = nil
        self.responseHeld = ByteBuffer()
        self.collectsUntil = .distantFuture
        self.localStream = nil
        self.requestPipeline = nil
        self.responsePipeline = nil
    }

    // MARK: Deadlines

    func wait(for phase: Deadlines.Phase, _ amount: TimeAmount) {
        self.deadlines.wait(for: phase, until: self.worker.now + amount)
        self.arm()
    }

    /// For the next bytes of a body.
    func waitForBody() {
        guard self.collectsUntil == .distantFuture else {
            let idle = self.deadlines.idle.map { self.worker.now + $0 } ?? .distantFuture
            self.deadlines.wait(for: .idle, until: min(idle, self.collectsUntil))
            return self.arm()
        }
        if let idle = self.deadlines.idle { self.wait(for: .idle, idle) } else { self.stopWaiting() }
    }

    func stopWaiting() { self.deadlines.stopWaiting() }

    /// Has the wheel look at this exchange in time. Where it looks earlier anyway, be it for a former life, it is not
    /// asked again: for most requests it never is.
    func arm() {
        let next = self.deadlines.next
        guard next < self.armedUntil else { return }
        self.armedUntil = next
        self.worker.deadlines.set(self.deadlineSlot, to: next)
    }

    /// The wheel has looked, and will not do so again by itself.
    func disarmed() { self.armedUntil = .distantFuture }

    /// Gives its place in the wheel up; it is not used again.
    func discard() { self.worker.deadlines.free(self.deadlineSlot) }

}

@available(*, unavailable)
extension Exchange: Sendable {}
