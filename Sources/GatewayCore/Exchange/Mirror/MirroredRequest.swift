package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// A copy of a request on its way to the upstream of a mirror. It has its own head, body and connection, so that it
/// outlives the exchange that it was copied from.
package final class MirroredRequest {
    private let mirror: RequestMirror
    private let worker: Worker
    private let head: MirroredHead
    private let connectTimeout: TimeAmount
    private let timeout: TimeAmount
    package let announcedClient: AnnouncedClient?
    private var body = ByteBuffer()
    private var machine: StateMachine
    private let call = UpstreamCall()
    private var stream: (any UpstreamStream)?
    private var response = ResponseHead()
    private var slot: DeadlineWheel.Slot?
    private var isCounted = true

    /// - Parameter exchange: The original. The mirror has counted the copy.
    init(of exchange: Exchange, to mirror: RequestMirror) {
        self.mirror = mirror
        self.worker = exchange.worker
        self.head = MirroredHead(of: exchange)
        self.connectTimeout = exchange.deadlines.connect
        self.timeout = min(exchange.deadlines.firstByte, RequestMirror.timeout)
        self.announcedClient = mirror.cluster.announcesClients ? exchange.announcedClient : nil
        self.machine = StateMachine(maxBody: mirror.maxBody)
    }

    deinit { self.leave() }

    private func leave() {
        guard self.isCounted else { return }
        self.isCounted = false
        self.mirror.inFlight.leave()
    }

    /// Sends the copy in a later turn of the event loop, after the original.
    func send() {
        guard self.machine.bodyEnded() else { return }
        let request = NIOLoopBound(self, eventLoop: self.worker.eventLoop)
        self.worker.eventLoop.execute { request.value.start() }
    }

    private func start() {
        self.worker.tick()
        let slot = self.worker.deadlines.makeSlot()
        self.worker.deadlines.own(slot, self)
        self.worker.deadlines.set(slot, to: self.worker.now + self.timeout)
        self.slot = slot
        self.call.begin(for: self, method: self.head.method, isChunked: false, connectTimeout: self.connectTimeout)
        self.mirror.cluster.take(self.call)
    }

    private func end(_ result: Result?) {
        guard let result else { return }
        self.mirror.count(result)
        let stream = self.stream
        self.stream = nil
        self.body = ByteBuffer()
        self.call.stopWaiting()
        // After the whole response this has no effect.
        stream?.cancel()
        self.call.end()
        if let slot = self.slot { self.worker.deadlines.free(slot) }
        self.slot = nil
        self.leave()
    }
}

@available(*, unavailable)
extension MirroredRequest: Sendable {}

extension MirroredRequest: RequestTee {
    package func write(_ chunk: ByteBuffer) {
        switch self.machine.received(chunk.readableBytes) {
        case .keep: self.body.writeImmutableBuffer(chunk)
        case .ignore: break
        case .end(let result): self.end(result)
        }
    }

    package func end() { self.send() }

    package func restart() { if self.machine.restart() { self.body = ByteBuffer() } }
}

extension MirroredRequest: DeadlineOwner {
    func deadlineReached(now: NIODeadline) {
        self.worker.tick()
        self.end(self.machine.failed(isTimeout: true))
    }
}

extension MirroredRequest: UpstreamCaller {
    /// A copy may go to any target, because its client does not see the response.
    package func balanceHash(by key: HashKey) -> UInt64 { self.worker.random.next() }

    /// The deadline of the whole copy applies.
    package func wait(for phase: Deadlines.Phase, _ amount: TimeAmount) {}
    package func countConnectTimeout() {}
    package var isWaitingForResponse: Bool { self.machine.state == .sent }

    package func writeHead(for target: UpstreamTarget, into buffer: inout ByteBuffer) {
        self.head.write(for: target, bodyLength: self.body.readableBytes, into: &buffer)
    }

    package func sent(to stream: any UpstreamStream) {
        self.stream = stream
        if self.body.readableBytes > 0 { stream.writeBody(self.body) }
        stream.writeEnd(trailers: nil)
        stream.flush()
    }

    package func upstreamWritable() {}
    package func willSendAgain() { self.stream = nil }

    package func fillResponse(
        _ fill: (inout ResponseHead) throws(MessageError) -> UpstreamResponse?
    ) throws(MessageError) -> UpstreamResponse? {
        try fill(&self.response)
    }

    package func receiveInformational() {}
    package func receiveResponseHead() { self.machine.responseHead(status: self.response.status) }
    package func receive(responseBody chunk: ByteBuffer) {
        self.end(self.machine.responseBytes(chunk.readableBytes))
    }
    package func receiveResponseEnd(trailers: TrailerSection?) {
        self.stream = nil
        self.end(self.machine.responseEnded())
    }
    package func upstreamPaused() {}

    package func upstreamFailed(_ error: GatewayError) {
        self.stream = nil
        self.end(self.machine.failed(isTimeout: error.failure == .timeout))
    }
}
