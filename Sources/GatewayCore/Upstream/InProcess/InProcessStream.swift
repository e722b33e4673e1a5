import DequeModule
import GatewayHTTP
import GatewayHTTP1
import HTTPTypes
import Logging
import NIOCore

/// One exchange between the gateway and a handler. Its state is confined to the event loop. The handler's task hops
/// there to read and write, and waits for each call, so that neither side runs ahead of the other.
final class InProcessStream {
    /// The maximum number of body bytes to read ahead of the handler.
    private static let readAhead = 64 * 1024

    private let upstream: String
    private let worker: Worker
    /// Nil once the stream has ended: the exchange may already serve another request.
    private var exchange: Exchange?
    private var task: Task<Void, Never>?
    private var line: InProcessLine?

    private var received = Deque<ByteBuffer>()
    private var receivedCount = 0
    private var isFull = false
    private var isRequestEnded = false
    private var trailers = HTTPFields()
    private var readers = Deque<EventLoopPromise<ByteBuffer?>>()
    /// Reads that were cancelled before they arrived here.
    private var cancelledReads: [EventLoopFuture<ByteBuffer?>] = []

    private var isPaused = false
    private var writers: [EventLoopPromise<Void>] = []
    /// The bytes left of a body of known length.
    private var remaining: Int?

    init(upstream: String, worker: Worker, exchange: Exchange) {
        self.upstream = upstream
        self.worker = worker
        self.exchange = exchange
    }

    // MARK: The task

    /// Starts the handler, unless the exchange has already ended.
    func run(_ handler: @escaping InProcessHandler, _ makeRequest: (AsyncBody) -> AsyncRequest) {
        guard self.exchange != nil else { return }
        let line = InProcessLine(NIOLoopBound(self, eventLoop: self.worker.eventLoop))
        self.line = line
        let request = makeRequest(
            AsyncBody(trailers: { await line.trailers() }, next: { try await line.read() })
        )
        self.task = Task {
            do {
                let response = try await handler(request)
                guard try await line.begin(response) else { return }
                try await response.body.write(to: AsyncBodyWriter { try await line.write($0) })
                line.end()
            } catch {
                line.fail(error)
            }
        }
    }

    // MARK: The request's body

    func read(_ promise: EventLoopPromise<ByteBuffer?>) {
        guard let exchange = self.exchange else { return promise.fail(CancellationError()) }
        if let index = self.cancelledReads.firstIndex(of: promise.futureResult) {
            self.cancelledReads.remove(at: index)
            return promise.fail(CancellationError())
        }
        self.worker.tick()
        self.readers.append(promise)
        self.deliver()
        // The handler wants the body, so tell the client to send it (RFC 9110 section 10.1.1).
        if !self.readers.isEmpty, exchange.request.expectsContinue { exchange.driver.sendContinue() }
    }

    /// Cancels a read. A chunk that was already delivered stays with its reader, so no data is lost.
    func cancelRead(_ promise: EventLoopPromise<ByteBuffer?>) {
        guard self.exchange != nil else { return }
        if let index = self.readers.firstIndex(where: { $0.futureResult == promise.futureResult }) {
            self.readers.remove(at: index).fail(CancellationError())
        } else {
            self.cancelledReads.append(promise.futureResult)
        }
    }

    var requestTrailers: HTTPFields { self.trailers }

    private func deliver() {
        while !self.readers.isEmpty {
            if let chunk = self.received.popFirst() {
                self.receivedCount -= chunk.readableBytes
                self.readers.removeFirst().succeed(chunk)
            } else if self.isRequestEnded {
                self.readers.removeFirst().succeed(nil)
            } else {
                break
            }
        }
        if self.isFull, self.receivedCount <= Self.readAhead / 2 {
            self.isFull = false
            self.exchange?.driver.upstreamWritable()
        }
    }

    // MARK: The response

    /// Sends the head, and the body if it is already available.
    ///
    /// - Returns: Whether the body remains to be streamed.
    package func begin(_ response: AsyncResponse) -> Bool {
        guard let exchange = self.exchange else { return false }
        self.worker.tick()
        do throws(InvalidResponse) {
            try exchange.response.fill(
                with: response,
                answering: exchange.request.method,
                isUpgrade: exchange.upgrade != nil
            )
        } catch {
            self.fail(.malformedAnswer(reason: error.reason))
            return false
        }
        let framing = exchange.response.framing
        if case .length(let length) = framing { self.remaining = length }
        exchange.upstreamCall.lastTry.answered(status: exchange.response.status, at: self.worker.now)
        let isUpgrade = exchange.response.status == 101
        if isUpgrade { self.isRequestEnded = false }
        exchange.driver.receiveResponseHead()
        if isUpgrade { return self.exchange != nil }
        if !framing.isEmpty {
            guard let whole = response.body.whole else {
                self.exchange?.driver.upstreamPaused()
                return self.exchange != nil
            }
            self.remaining = nil
            self.exchange?.driver.receive(responseBody: whole)
        }
        self.end()
        return false
    }

    package func write(_ chunk: ByteBuffer, _ promise: EventLoopPromise<Void>) {
        guard let exchange = self.exchange else { return promise.fail(CancellationError()) }
        self.worker.tick()
        if let remaining = self.remaining {
            guard chunk.readableBytes <= remaining else {
                let error = InvalidResponse("more of a body than its Content-Length says")
                promise.fail(error)
                return self.fail(.malformedAnswer(reason: error.reason))
            }
            self.remaining = remaining - chunk.readableBytes
        }
        exchange.driver.receive(responseBody: chunk)
        // Do not flush an exchange that has just ended: its client may already serve the next one.
        self.exchange?.driver.upstreamPaused()
        if self.exchange == nil {
            promise.fail(CancellationError())
        } else if self.isPaused {
            self.writers.append(promise)
        } else {
            promise.succeed()
        }
    }

    func end() {
        guard let exchange = self.exchange else { return }
        if let remaining = self.remaining, remaining > 0 {
            return self.fail(
                .upstreamReset(
                    reason: "the body is \(Plural.of(remaining, "byte")) short of its Content-Length"
                )
            )
        }
        self.worker.tick()
        exchange.upstreamCall.lastTry.end(at: self.worker.now)
        self.detach()
        exchange.driver.receiveResponseEnd(trailers: nil)
    }

    package func fail(_ error: GatewayError) {
        guard let exchange = self.exchange else { return }
        self.worker.tick()
        self.worker.log.warning(
            "A handler in this process failed.",
            metadata: ["upstream": "\(self.upstream)", "reason": "\(error.reason ?? error.code.name)"]
        )
        let task = self.task
        self.detach()
        task?.cancel()
        exchange.driver.upstreamFailed(error)
    }

    private func detach() {
        self.exchange = nil
        self.task = nil
        self.line?.close()
        self.line = nil
        self.received = []
        self.cancelledReads = []
        let (readers, writers) = (self.readers, self.writers)
        self.readers = []
        self.writers = []
        for reader in readers { reader.fail(CancellationError()) }
        for writer in writers { writer.fail(CancellationError()) }
    }
}

extension InProcessStream: UpstreamStream {
    var isWritable: Bool { !self.isFull }
    var mayBeSentAgain: Bool { false }

    func writeBody(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0, self.exchange != nil else { return }
        self.received.append(chunk)
        self.receivedCount += chunk.readableBytes
        if self.receivedCount >= Self.readAhead { self.isFull = true }
        self.deliver()
    }

    func writeEnd(trailers: TrailerSection?) {
        self.isRequestEnded = true
        if let trailers { self.trailers = HTTPFields(trailers.fields) }
        self.deliver()
    }

    func closeOutput() { self.writeEnd(trailers: nil) }

    func flush() {}

    func pauseReading() { self.isPaused = true }

    func resumeReading() {
        self.isPaused = false
        let writers = self.writers
        self.writers = []
        for writer in writers { writer.succeed() }
    }

    func cancel() {
        let task = self.task
        self.detach()
        task?.cancel()
    }
}

@available(*, unavailable)
extension InProcessStream: Sendable {}
