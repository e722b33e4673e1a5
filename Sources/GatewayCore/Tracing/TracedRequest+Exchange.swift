import GatewayHTTP
import NIOCore

extension TracedRequest {
    /// Limits for what clients choose, in bytes, and for tries.
    private enum Limit {
        static let field = 256
        static let url = 2048
        static let state = 512
        static let tries = 20
    }

    /// Copies what spans tell about an exchange that has ended.
    package init(of exchange: Exchange, _ outcome: Outcome) {
        let clock = Clock()
        let trace = exchange.trace
        self.init(
            trace.own,
            parent: trace.parent,
            startedAt: clock.time(of: exchange.startedAt),
            endedAt: clock.time(of: exchange.now)
        )
        func text(_ range: ByteRange, _ limit: Int) -> String {
            guard !range.isEmpty else { return "" }
            return exchange.request.headers.withBytes(range) { String(decoding: $0.prefix(limit), as: UTF8.self) }
        }
        if !trace.link.isEmpty { self.link = exchange.request.headers.withBytes(trace.link) { TraceParent($0) } }
        if trace.parent != 0, exchange.request.headers.contains(.tracestate) {
            let state = exchange.request.headers.joined(.tracestate)
            // A part of a list would say something else.
            if state.count <= Limit.state { self.state = text(state, Limit.state) }
        }
        self.firstByteAt = exchange.firstByteAt.map(clock.time)
        self.method = text(exchange.request.methodName, 32)
        if exchange.plan.name != MetricLabel.noRoute { self.route = exchange.plan.name }
        self.routePath = exchange.plan.path
        self.scheme = "\(exchange.clientScheme)"
        self.host = text(exchange.clientHost, Limit.field)
        self.path = text(exchange.rawPath, Limit.url)
        self.query = text(exchange.query, Limit.url)
        self.clientAddress = exchange.clientAddress.description
        self.peerAddress = exchange.peer.ip == nil ? "" : exchange.peer.description
        self.protocolName = exchange.client.map { "\($0.protocolName)" } ?? ""
        self.userAgent = text(exchange.request.headers.first(.userAgent) ?? .empty, Limit.field)
        self.requestID = text(exchange.requestIDRange, 128)
        self.consumer = exchange.caller?.name ?? ""
        self.upstream = exchange.upstreamName ?? ""
        if exchange.firstByteAt != nil { self.status = exchange.response.status }
        if exchange.isGRPC { self.grpcStatus = exchange.grpcStatus(outcome).map { Int($0.rawValue) } }
        if let code = exchange.errorCode { self.code = code.name }
        if case .complete = outcome {} else { self.end = "\(outcome.name)" }
        self.isError = exchange.hasFailed(outcome)
        self.isWebSocket = exchange.upgrade?.isOpen == true
        for attempt in exchange.upstreamTries.prefix(Limit.tries) { self.tries.append(Try(attempt, clock)) }
        if !self.tries.isEmpty { self.forwardedPath = text(exchange.forwardedPath, Limit.url) }
        guard let notes = exchange.traceNotes else { return }
        self.attributes = notes.attributes
        self.calls = notes.calls.map { call in
            Call(
                name: call.kind.rawValue,
                startedAt: clock.time(of: call.beganAt),
                endedAt: clock.time(of: call.endedAt),
                failure: call.failure ?? "",
                spanID: call.span
            )
        }
    }

    /// Turns times of an event loop's clock into the time of day.
    fileprivate struct Clock {
        private let offset: Int64

        init() { self.offset = Platform.unixNanoseconds() - Int64(clamping: NIODeadline.now().uptimeNanoseconds) }

        func time(of deadline: NIODeadline) -> Int64 { self.offset + Int64(clamping: deadline.uptimeNanoseconds) }
    }
}

extension TracedRequest.Try {
    fileprivate init(_ attempt: UpstreamTry, _ clock: TracedRequest.Clock) {
        let end = attempt.endedAt ?? attempt.answerBeganAt ?? attempt.sentAt ?? attempt.queuedAt ?? .now()
        self.init(spanID: attempt.spanID, endedAt: clock.time(of: end))
        self.target = attempt.target
        self.endpoint = attempt.endpoint
        self.isHTTP2 = attempt.isHTTP2
        if attempt.hasQueued { self.queuedAt = attempt.queuedAt.map(clock.time) }
        self.connectingAt = attempt.connectingAt.map(clock.time)
        self.sentAt = attempt.sentAt.map(clock.time)
        self.answerBeganAt = attempt.answerBeganAt.map(clock.time)
        self.status = attempt.status
        guard let failure = attempt.failure else { return }
        self.failure = failure.text
        switch failure {
        case .upstream(.refused), .upstream(.dns), .upstream(.tls):
            self.code = GatewayError.Code.upstreamUnreachable.name
        case .upstream(.reset), .stale: self.code = GatewayError.Code.upstreamReset.name
        case .upstream(.timeout):
            self.code = (attempt.sentAt == nil ? GatewayError.Code.connectTimeout : .upstreamTimeout).name
        case .upstream(.malformed): self.code = GatewayError.Code.upstreamInvalidResponse.name
        case .status: break
        }
    }
}
