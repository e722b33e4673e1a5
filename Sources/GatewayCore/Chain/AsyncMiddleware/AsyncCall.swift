import GatewayHTTP
import GatewayHTTP1
import HTTPTypes
import NIOCore

/// The call of an ``AsyncMiddleware`` for one exchange. It is confined to the exchange's event loop. The middleware's
/// task communicates with it through an `AsyncCallLine`.
final class AsyncCall {
    private enum Phase {
        /// The middleware has the request. → forwarded, answered
        case asked(Resumption)
        /// The middleware waits for the response, or has stopped waiting. → answering, answered
        case forwarded(EventLoopPromise<HTTPResponse>?)
        /// The middleware has the response. → answered
        case answering(Resumption)
        /// The middleware has answered, or the exchange continued without it.
        case answered
    }

    private let exchange: Exchange
    private let life: UInt32
    /// The middleware's place in the chain.
    private let place: Int
    private let line: AsyncCallLine
    private var phase: Phase
    /// The middleware's task and the tasks that write new bodies.
    private var tasks: [Task<Void, Never>] = []
    private var collector: EventLoopPromise<ByteBuffer?>?
    /// The heads that the middleware received.
    private var requestHead: HTTPRequest?
    private var responseHead: HTTPResponse?
    private var requestBody: AsyncBodyBridge?
    private var responseBody: AsyncBodyBridge?

    init(_ exchange: Exchange) {
        self.exchange = exchange
        self.life = exchange.generation
        self.place = exchange.plan.chain.requestPlaces[exchange.cursor.currentDown]
        self.line = AsyncCallLine(exchange.worker.eventLoop)
        self.phase = .asked(exchange.resumption())
    }

    func run(_ middleware: some AsyncMiddleware, _ exchange: Exchange) {
        let line = self.line
        line.open(self)
        guard let head = HTTPRequest(exchange) else {
            return self.fail(GatewayError(.notImplemented, reason: "a method that HTTPRequest cannot hold"))
        }
        self.requestHead = head
        let request = AsyncRequest(
            head: head,
            body: AsyncBody(.passing(line, .request)),
            clientAddress: exchange.clientAddress.description,
            requestID: exchange.requestID,
            route: exchange.route
        )
        self.tasks.append(
            Task {
                do {
                    try line.answer(try await middleware.handle(request) { try await line.forward($0) })
                } catch {
                    line.fail(error)
                }
            }
        )
    }

    /// Ends the call, because the exchange is over or continues without the middleware.
    func end() {
        self.line.close()
        if case .forwarded(let promise?) = self.phase { promise.fail(CancellationError()) }
        self.phase = .answered
        self.collector?.fail(CancellationError())
        self.collector = nil
        self.requestBody?.cancel()
        self.responseBody?.cancel()
        for task in self.tasks { task.cancel() }
        self.tasks = []
    }

    // MARK: Down

    /// Passes the middleware's request to the rest of the chain.
    func forward(_ request: AsyncRequest, _ promise: EventLoopPromise<HTTPResponse>) {
        guard case .asked = self.phase else {
            return promise.fail(AsyncMiddlewareMisuse("next was called twice, or after the answer"))
        }
        let phase = self.phase
        self.phase = .forwarded(promise)
        let fields = request.head.headerFields == self.requestHead?.headerFields ? nil : request.head.headerFields
        let whole = request.body.whole
        switch request.body.source {
        case .passing(let line, .request) where line === self.line: break
        case .none, .bytes: break
        case .passing, .sequence, .written: self.requestBody = self.feed(request.body, .request)
        }
        self.decide(phase) { [requestBody] exchange in
            if let fields { exchange.request.headers.replace(with: fields) }
            if let whole { exchange.driver.replaceRequestBody(with: whole) }
            if let requestBody {
                exchange.request.framing = .chunked
                exchange.driver.insertIntoRequest(requestBody)
            }
            return .next
        }
    }

    /// Called when the task that waits for the response is cancelled. The middleware has not answered yet.
    func stopWaiting() {
        guard case .forwarded(let promise?) = self.phase else { return }
        self.phase = .forwarded(nil)
        promise.fail(CancellationError())
    }

    // MARK: Up

    /// Passes a climbing response to the middleware. Returns false if the middleware does not expect one.
    func takeResponse(_ exchange: Exchange) -> Bool {
        guard case .forwarded(let promise) = self.phase else {
            // A deadline passed or a failure occurred while the middleware held the message. The response passes
            // unchanged.
            if case .answered = self.phase {} else { self.end() }
            return false
        }
        self.phase = .answering(exchange.resumption())
        let head = HTTPResponse(
            status: HTTPResponse.Status(code: exchange.response.status),
            headerFields: HTTPFields(exchange.response.headers)
        )
        self.responseHead = head
        promise?.succeed(head)
        return true
    }

    /// Called with the middleware's response.
    package func answer(_ response: AsyncResponse) {
        let phase = self.phase
        if case .answered = phase { return }
        self.phase = .answered
        let head = response.head
        guard (200...599).contains(head.status.code) else {
            return self.decide(phase) { _ in
                .fail(GatewayError(.internalError, reason: "an asynchronous middleware answered \(head.status.code)"))
            }
        }
        switch response.body.source {
        case .passing(let line, .response) where line === self.line: self.pass(head, phase)
        case .none: self.decide(phase) { _ in .respond(Response(head, ByteBuffer())) }
        case .bytes(let bytes): self.decide(phase) { _ in .respond(Response(head, bytes)) }
        case .passing, .sequence, .written: self.stream(head, response.body, phase)
        }
    }

    /// Continues with the unchanged body and a head that may have changed.
    private func pass(_ head: HTTPResponse, _ phase: Phase) {
        let former = self.responseHead
        self.decide(phase) { exchange in
            guard let former, former != head else { return .next }
            // The new status may require a different framing.
            guard former.status.hasNoBody == head.status.hasNoBody else {
                return .respond(Response(head, ByteBuffer()))
            }
            exchange.response.take(head, instead: former)
            return .next
        }
    }

    private func stream(_ head: HTTPResponse, _ body: AsyncBody, _ phase: Phase) {
        let isAnswering = if case .answering = phase { true } else { false }
        let former = self.responseHead
        let bridge = self.feed(body, .response)
        self.responseBody = bridge
        self.decide(phase) { exchange in
            guard isAnswering, let former, !exchange.response.framing.isEmpty, !head.status.hasNoBody else {
                exchange.responseBody.source = bridge
                return .respond(Response(head, ByteBuffer()))
            }
            exchange.response.take(head, instead: former)
            return .transform(bridge)
        }
    }

    package func fail(_ error: any Error) {
        let phase = self.phase
        self.phase = .answered
        let gatewayError = (error as? GatewayError) ?? GatewayError(.internalError, reason: "\(error)")
        self.decide(phase) { _ in .fail(gatewayError) }
    }

    /// Continues the exchange with a decision, in any phase.
    private func decide(_ phase: Phase, _ decide: @escaping (Exchange) -> Decision) {
        switch phase {
        case .asked(let resumption), .answering(let resumption):
            let decide = NIOLoopBound(decide, eventLoop: self.exchange.worker.eventLoop)
            resumption.resume { decide.value($0) }
        case .forwarded(let promise):
            promise?.fail(CancellationError())
            self.exchange.driver.overtake(decide(self.exchange), from: self.place)
        case .answered: break
        }
    }

    // MARK: Bodies

    func collect(upTo limit: Int, _ direction: BodyDirection, _ promise: EventLoopPromise<ByteBuffer?>) {
        let resumption: Resumption
        switch (self.phase, direction) {
        case (.asked(let asked), .request): resumption = asked
        case (.answering(let answering), .response): resumption = answering
        default: return promise.fail(AsyncMiddlewareMisuse("a body can be collected until its message is passed on"))
        }
        guard self.collector == nil else { return promise.fail(AsyncMiddlewareMisuse("the body is being collected")) }
        self.collector = promise
        resumption.resume { _ in .collect(upTo: limit) }
    }

    /// Delivers a collected body, or reports that it is too large. Returns false if the middleware did not ask for one.
    func takeCollected(_ exchange: Exchange) -> Bool {
        guard let collector = self.collector else { return false }
        switch (exchange.collected, self.phase) {
        case (.none, _), (_, .forwarded), (_, .answered): return false
        case (_, .asked): self.phase = .asked(exchange.resumption())
        case (_, .answering): self.phase = .answering(exchange.resumption())
        }
        self.collector = nil
        if case .whole(let bytes) = exchange.collected { collector.succeed(bytes) } else { collector.succeed(nil) }
        return true
    }

    func read(_ direction: BodyDirection, _ promise: EventLoopPromise<ByteBuffer?>) {
        guard let bridge = direction == .request ? self.requestBody : self.responseBody else {
            return promise.fail(
                AsyncMiddlewareMisuse("a body can be iterated inside a new body only; collect(upTo:) gives it before")
            )
        }
        bridge.read(promise)
    }

    /// Starts a task that writes a new body.
    private func feed(_ body: AsyncBody, _ direction: BodyDirection) -> AsyncBodyBridge {
        let (exchange, life) = (self.exchange, self.life)
        let bridge = AsyncBodyBridge {
            guard exchange.generation == life else { return }
            exchange.driver.transformReady(direction)
        }
        let feed = AsyncBodyFeed(body: body, bridge: NIOLoopBound(bridge, eventLoop: exchange.worker.eventLoop))
        self.tasks.append(Task { await feed.run() })
        return bridge
    }
}

@available(*, unavailable)
extension AsyncCall: Sendable {}

/// An invalid call by an ``AsyncMiddleware``.
struct AsyncMiddlewareMisuse: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
