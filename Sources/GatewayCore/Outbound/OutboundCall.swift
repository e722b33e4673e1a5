package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// An ``OutboundRequest`` on its way. It belongs to the event loop of its client.
package final class OutboundCall {
    package typealias Completion = (Result<OutboundResponse, OutboundFailure>) -> Void

    private let worker: Worker
    private let request: OutboundRequest
    private var completion: Completion?
    private var machine: StateMachine
    private let call = UpstreamCall()
    private var stream: (any UpstreamStream)?
    private var head = ResponseHead()
    private var body = ByteBuffer()
    private var slot: DeadlineWheel.Slot?

    init(_ request: OutboundRequest, on worker: Worker, _ completion: @escaping Completion) {
        self.worker = worker
        self.request = request
        self.completion = completion
        self.machine = StateMachine(maxBody: request.maxBody, whenTooLarge: request.whenTooLarge)
    }

    func start(to cluster: UpstreamCluster) {
        self.worker.tick()
        let slot = self.worker.deadlines.makeSlot()
        self.worker.deadlines.own(slot, self)
        self.worker.deadlines.set(slot, to: self.worker.now + self.request.timeout)
        self.slot = slot
        // Leaves time for another address of the service, and for one more SYN after a second.
        let connectTimeout = TimeAmount.nanoseconds(self.request.timeout.nanoseconds / 4 * 3)
        self.call.begin(for: self, method: self.request.method, isChunked: false, connectTimeout: connectTimeout)
        cluster.take(self.call)
    }

    /// Ends the request. The completion is not called any more.
    package func cancel() { if self.machine.end() { self.release() } }

    private func fail(_ failure: OutboundFailure) { if self.machine.end() { self.finish(.failure(failure)) } }

    private func deliver(isTruncated: Bool) {
        var head = ResponseHead()
        swap(&head, &self.head)
        self.finish(.success(OutboundResponse(head, body: self.body, isTruncated: isTruncated)))
    }

    private func finish(_ result: Result<OutboundResponse, OutboundFailure>) {
        let completion = self.completion
        self.release()
        completion?(result)
    }

    private func release() {
        let stream = self.stream
        self.stream = nil
        self.completion = nil
        self.body = ByteBuffer()
        self.call.stopWaiting()
        // After the whole response this has no effect.
        stream?.cancel()
        self.call.end()
        if let slot = self.slot { self.worker.deadlines.free(slot) }
        self.slot = nil
    }
}

@available(*, unavailable)
extension OutboundCall: Sendable {}

extension OutboundCall: DeadlineOwner {
    func deadlineReached(now: NIODeadline) {
        self.worker.tick()
        self.call.timedOut(at: now)
        self.fail(OutboundFailure(.timeout, reason: "no complete response in time"))
    }
}

extension OutboundCall: UpstreamCaller {
    package func balanceHash(by key: HashKey) -> UInt64 { self.worker.random.next() }

    /// The deadline of the whole request applies.
    package func wait(for phase: Deadlines.Phase, _ amount: TimeAmount) {}
    package func countConnectTimeout() {}
    package var isWaitingForResponse: Bool { self.machine.state == .waiting }

    package func writeHead(for target: UpstreamTarget, into buffer: inout ByteBuffer) {
        self.request.write(for: target, into: &buffer)
    }

    package func sent(to stream: any UpstreamStream) {
        self.stream = stream
        if let body = self.request.body, body.readableBytes > 0 { stream.writeBody(body) }
        stream.writeEnd(trailers: nil)
        stream.flush()
    }

    package func upstreamWritable() {}
    package func willSendAgain() { self.stream = nil }

    package func fillResponse(
        _ fill: (inout ResponseHead) throws(MessageError) -> UpstreamResponse?
    ) throws(MessageError) -> UpstreamResponse? {
        try fill(&self.head)
    }

    package func receiveInformational() {}
    package func receiveResponseHead() { self.machine.responseHead() }

    package func receive(responseBody chunk: ByteBuffer) {
        switch self.machine.received(chunk.readableBytes) {
        case .keep: self.body.writeImmutableBuffer(chunk)
        case .truncate(let count):
            self.body.writeBytes(chunk.readableBytesView.prefix(count))
            self.deliver(isTruncated: true)
        case .tooLarge: self.finish(.failure(OutboundFailure(.tooLarge, reason: "the response body is too large")))
        case .ignore: break
        }
    }

    package func receiveResponseEnd(trailers: TrailerSection?) {
        guard self.machine.responseEnded() else { return }
        self.stream = nil
        self.deliver(isTruncated: false)
    }

    package func upstreamPaused() {}

    package func upstreamFailed(_ error: GatewayError) {
        self.stream = nil
        self.fail(OutboundFailure(error))
    }
}
