public import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// The data of one request and its response, from the first byte in to the last byte out. `ExchangeDriver` drives it
/// through its steps.
///
/// An exchange is confined to one event loop and is reused for later requests, so hooks must not retain it.
public final class Exchange {
    package let worker: Worker
    /// Changes whenever the exchange is reused.
    package private(set) var generation: UInt32 = 0

    // MARK: Request

    /// The request, as the next middleware and the upstream see it.
    public var request = RequestHead()
    package var requestBody = RequestBody()
    /// The path of the request target as the client wrote it, as a range in `request.headers`.
    package var rawPath = ByteRange.empty
    package var query: ByteRange {
        get { self.request.queryRange }
        set { self.request.queryRange = newValue }
    }
    /// The normalized path, which routing matches.
    package var path: ByteRange {
        get { self.request.normalPath }
        set { self.request.normalPath = newValue }
    }
    package var captures = PathCaptures()
    /// The sender of the request: the peer of the connection, or the client that a trusted proxy reports.
    public internal(set) var clientAddress = ClientAddress.unknown
    package var isFromTrustedPeer = false
    /// Valid only if the peer is trusted.
    var forwardedOrigin = ForwardedOrigin()
    /// The forwarding fields of the request, removed when it is first forwarded.
    var forwardingFields: ForwardingFields?
    var acceptsTrailers = false
    /// How the request uses gRPC. Errors take gRPC's form, and limits that suit short messages do not apply.
    package private(set) var grpc = GRPCForm.none
    package var isGRPC: Bool { self.grpc != .none }
    /// The end-to-end fields that `Connection` named. Trailers of these names are dropped too.
    var fieldsNamedByRequest: [HeaderName] = []
    var fieldsNamedByResponse: [HeaderName] = []
    /// Whether `Max-Forwards` has reached zero.
    var isLastHop = false
    /// The request ID, as a range in `request.headers`; empty if it is switched off.
    package var requestIDRange = ByteRange.empty
    /// The place of the request in a trace.
    package var trace = TraceContext()
    /// What is told about the request in its trace beyond the usual. Present once something was added.
    package var traceNotes: TraceNotes?
    /// Who sends the request; nil for an anonymous one, and before the `auth` middleware has run.
    public package(set) var caller: Caller?
    /// What is known about a request from a page of another origin.
    package var crossOrigin = CrossOrigin()
    /// Whether the upstream must not encode the response, because a middleware rewrites its body. `Accept-Encoding`
    /// is removed only at the bottom of the chain, because compression reads it on the way down.
    package var needsUnencodedResponse = false

    /// The part of the request body that the gateway holds.
    package struct RequestBody {
        /// The part that was received but not sent upstream.
        package var held = ByteBuffer()
        /// The whole body, if it was collected, so that it can be sent again.
        package var collected: ByteBuffer?
        var trailers: TrailerSection?
        package var pipeline: BodyPipeline?
        /// Receives what is sent upstream.
        var tee: (any RequestTee)?
        /// The number of bytes that the client may still send, for a body of unknown length, or nil for no limit.
        package var allowance: Int?
    }

    // MARK: Response

    /// The response, as the next middleware and the client see it. Undefined until there is one.
    public var response = ResponseHead()
    package var responseBody = ResponseBody()
    /// The origin of the response.
    public internal(set) var origin = Origin.upstream
    /// Whether a request hook has filled the response: see ``Decision/answered``.
    var hasAnswer = false
    /// The code of the gateway's error, if the response is one.
    package var errorCode: GatewayError.Code?

    /// The part of the response body that the gateway holds.
    package struct ResponseBody {
        /// The part that was received while the head is held, or the whole body of a local response.
        package var held = ByteBuffer()
        package var trailers: TrailerSection?
        package var pipeline: BodyPipeline?
        /// Whether the transforms write out their held data whenever the upstream pauses.
        var flushesOnPause = false
        /// The deadline after which a hook continues without the body. With a deadline in the past, the hook gets
        /// only what arrives with the current read.
        var collectsUntil = NIODeadline.distantFuture
        /// Writes the body of the local response that is about to be sent.
        package var source: (any BodyTransform)?
        /// Why trailers of the gateway end the body before its end.
        var brokenOff: Outcome?
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

    // MARK: State

    package var state = ExchangeStateMachine()
    package var plan: RoutePlan
    /// Identifies the worker's table when the request began.
    private(set) var tableNumber: UInt32
    var cursor = ChainCursor()
    /// The reason why no route accepts the request.
    package var refusal: Refusal?
    package var client: (any ClientStream)?
    package var upstream: (any UpstreamStream)?
    /// The time limits of this exchange.
    public var deadlines = Deadlines(from: .uptimeNanoseconds(0))
    /// The collected body of the current direction.
    public internal(set) var collected = CollectedBody.none
    /// The values that features store under their keys.
    package var values = ExchangeValues()
    /// Present if the request asks for a WebSocket and the route allows it.
    package var upgrade: WebSocketUpgrade?
    /// Whether the exchange holds a body, its trailers, its transforms or an upgrade, which is rare.
    var holdsBodies = false
    /// The upstream call: the target of the request and the state of its attempts.
    package let upstreamCall = UpstreamCall()

    /// The error of a refused request. A class, because an error is large and rare.
    package final class Refusal {
        package let error: GatewayError
        package init(_ error: GatewayError) { self.error = error }
    }

    // MARK: Reporting

    /// When the first byte of the request was received.
    package var startedAt = NIODeadline.uptimeNanoseconds(0)
    /// When the first byte of the response was sent.
    package var firstByteAt: NIODeadline?
    package var bytesIn: UInt64 = 0
    package var bytesOut: UInt64 = 0
    /// Why the upstream failed, for the log.
    package var failure: UpstreamFailure?
    package var target: UpstreamTarget? { self.upstreamCall.target }
    /// The upstream that was chosen for the request, or nil if there is none yet or the gateway answers.
    package var chosenUpstream: (any Upstream)? {
        switch self.plan.action {
        case .upstream(let upstream): upstream
        case .split(let split): split.upstream(of: self)
        case .respond, .redirect, .refuse: nil
        }
    }
    /// Whether the bottom of the chain sends the request to an upstream.
    package var goesUpstream: Bool {
        switch self.plan.action {
        case .upstream, .split: self.refusal == nil && !self.isLastHop
        case .respond, .redirect, .refuse: false
        }
    }
    /// The name of the upstream, or nil if the request did not reach it.
    package var upstreamName: String? {
        guard self.upstreamCall.pool != nil || self.upstreamCall.attempts > 0 else { return nil }
        return self.chosenUpstream?.name
    }

    // MARK: Reuse

    private let deadlineSlot: DeadlineWheel.Slot
    private var armedUntil = NIODeadline.distantFuture

    package init(worker: Worker, plan: RoutePlan) {
        self.worker = worker
        self.plan = plan
        self.tableNumber = worker.tableNumber
        self.deadlineSlot = worker.deadlines.makeSlot()
        worker.deadlines.own(self.deadlineSlot, self)
    }

    /// Prepares for the request that is already in `request`.
    ///
    /// - Parameter start: When the first byte of the request was received, or nil for now.
    package func reset(client: any ClientStream, at now: NIODeadline, since start: NIODeadline? = nil) {
        self.client = client
        self.tableNumber = self.worker.tableNumber
        self.startedAt = start ?? now
        self.state.begin(hasBody: !self.request.framing.isEmpty)
        self.cursor = ChainCursor()
        self.deadlines = Deadlines(from: now)
        self.upstreamCall.reset()
        self.firstByteAt = nil
        self.errorCode = nil
        self.failure = nil
        self.bytesOut = 0
        self.requestIDRange = .empty
        self.trace = TraceContext()
        if self.traceNotes != nil { self.traceNotes = nil }
        self.refusal = nil
        self.forwardingFields = nil
        self.acceptsTrailers = false
        self.grpc = self.request.grpcForm
        if self.caller != nil { self.caller = nil }
        self.isLastHop = false
        self.crossOrigin = CrossOrigin()
        if !self.fieldsNamedByRequest.isEmpty { self.fieldsNamedByRequest = [] }
        if !self.fieldsNamedByResponse.isEmpty { self.fieldsNamedByResponse = [] }
        self.needsUnencodedResponse = false
        self.requestBody.allowance = nil
        self.captures.removeAll()
    }

    /// Drops the state of the request. The exchange can then be reused.
    package func release() {
        self.generation &+= 1
        self.state.release()
        self.client = nil
        self.upstream = nil
        self.bytesIn = 0
        guard self.holdsBodies else { return }
        self.holdsBodies = false
        self.collected = .none
        self.requestBody = RequestBody()
        self.responseBody = ResponseBody()
        self.upgrade = nil
        self.upstreamCall.reportedTarget = nil
    }

    // MARK: Deadlines

    package func wait(for phase: Deadlines.Phase, _ amount: TimeAmount) {
        self.deadlines.wait(for: phase, until: self.worker.now + amount)
        self.arm()
    }

    /// Waits for the next bytes of a body.
    func waitForBody() {
        let collectsUntil = self.responseBody.collectsUntil
        guard collectsUntil == .distantFuture else {
            let idle = self.deadlines.idle.map { self.worker.now + $0 } ?? .distantFuture
            self.deadlines.wait(for: .idle, until: min(idle, collectsUntil))
            return self.arm()
        }
        if let idle = self.deadlines.idle { self.wait(for: .idle, idle) } else { self.stopWaiting() }
    }

    func stopWaiting() { self.deadlines.stopWaiting() }

    /// Schedules a check by the wheel at the next deadline. Does nothing if a check is already scheduled for an
    /// earlier time, including one for an earlier request. Most requests therefore schedule none.
    func arm() {
        let next = self.deadlines.next
        guard next < self.armedUntil else { return }
        self.armedUntil = next
        self.worker.deadlines.set(self.deadlineSlot, to: next)
    }

    /// Called when the wheel has checked this exchange. It checks again only if the exchange is armed again.
    func disarmed() { self.armedUntil = .distantFuture }

    /// Frees the slot in the wheel. The exchange must not be used again.
    func discard() { self.worker.deadlines.free(self.deadlineSlot) }
}

@available(*, unavailable)
extension Exchange: Sendable {}

extension Exchange: DeadlineOwner {
    func deadlineReached(now: NIODeadline) { self.driver.deadlineReached(now: now) }
}
