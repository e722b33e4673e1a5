import GatewayCore
import GatewayHTTP
import GatewayHTTP1
import GatewayWebSocket
import NIOCore

/// A stream of events on the event loop of its connection: it answers an exchange in place of an upstream.
final class EventStream {
    /// About how many bytes are written at once.
    private static let batch = 32 * 1024

    private let client: StreamClient
    private let worker: Worker
    /// Nil once the stream has ended: the exchange may already serve another request.
    private var exchange: Exchange?
    /// Nil for Server-Sent Events.
    private var socket: StreamSocket?
    /// Whether the connection accepts nothing now.
    private var isPaused = false
    /// Whether the bus reads messages of the client.
    private var isBusy = false
    private var isOpen = false
    private var stall = StallClock()
    private var timer: Scheduled<Void>?

    private init(_ client: StreamClient, _ exchange: Exchange) {
        self.client = client
        self.worker = exchange.worker
        self.exchange = exchange
        self.socket = client.format == .webSocket ? StreamSocket() : nil
    }

    private var bound: NIOLoopBound<EventStream> { NIOLoopBound(self, eventLoop: self.worker.eventLoop) }

    // MARK: The beginning

    static func begin(_ client: StreamClient, on exchange: Exchange) {
        let stream = EventStream(client, exchange)
        // Streams may be silent for any time.
        exchange.deadlines.idle = nil
        exchange.sent(to: stream)
        stream.respond()
    }

    private func respond() {
        guard let exchange = self.exchange else { return }
        exchange.response.headers.clear()
        exchange.response.minorVersion = 1
        exchange.response.keepAlive = true
        if let upgrade = exchange.upgrade {
            exchange.response.status = 101
            exchange.response.framing = .none
            exchange.response.headers.add(HeaderName(.upgrade), "websocket")
            exchange.response.headers.add(HeaderName(.connection), "Upgrade")
            exchange.response.headers.add(WebSocketHandshake.acceptName, upgrade.accept)
            if self.client.answersProtocol {
                exchange.response.headers.add(StreamProtocol.fieldName, StreamProtocol.name.utf8)
            }
        } else {
            exchange.response.status = 200
            exchange.response.framing = .chunked
            exchange.response.headers.add(HeaderName(.contentType), "text/event-stream")
            exchange.response.headers.add(HeaderName(.cacheControl), "no-store")
            exchange.response.headers.add(HeaderName("X-Content-Type-Options"), "nosniff")
            // Other proxies on the way must not collect the stream.
            exchange.response.headers.add(HeaderName("X-Accel-Buffering"), "no")
        }
        exchange.receiveResponseHead()
        guard self.exchange != nil else { return }
        self.isOpen = true
        self.client.attach(self.bound)
        self.pump()
    }

    // MARK: Messages to the client

    /// Writes what waits, as far as the connection accepts it.
    func pump() {
        guard self.isOpen else { return }
        self.worker.tick()
        while let exchange = self.exchange {
            let (batch, end) = self.client.take(upTo: self.isPaused ? 0 : Self.batch)
            if let batch {
                exchange.receive(responseBody: batch)
            } else if let end {
                return self.end(end)
            } else {
                break
            }
        }
        self.exchange?.upstreamPaused()
        self.look()
    }

    /// Ends the stream, without what the client was too slow for.
    private func end(_ end: StreamClient.End) {
        guard self.socket != nil else { return self.finish() }
        let code = end == .goingAway ? WebSocketCloseCode.goingAway : WebSocketCloseCode.policyViolation
        guard let frame = self.socket?.close(code) else { return }
        self.isOpen = false
        self.client.leave()
        self.write(frame)
        self.schedule(at: self.worker.now + StreamSocket.closeTimeout)
    }

    private func write(_ frame: ByteBuffer) {
        self.exchange?.receive(responseBody: frame)
        self.exchange?.upstreamPaused()
    }

    /// Ends the response. What was written still reaches the client.
    private func finish() {
        guard let exchange = self.exchange else { return }
        self.detach()
        exchange.receiveResponseEnd(trailers: nil)
    }

    private func detach() {
        self.exchange = nil
        self.isOpen = false
        self.timer?.cancel()
        self.timer = nil
        self.client.leave()
    }

    // MARK: Messages of the client

    private func receive(_ chunk: ByteBuffer) {
        var chunk = chunk
        var messages: [ByteBuffer?] = []
        while let action = self.socket?.next(&chunk) {
            switch action {
            case .message(let message): messages.append(message)
            case .write(let frame): self.write(frame)
            case .end(let frame):
                if let frame { self.write(frame) }
                return self.finish()
            }
            guard self.exchange != nil else { return }
        }
        guard !messages.isEmpty, self.isOpen else { return }
        self.isBusy = self.client.received(messages, for: self.bound)
    }

    /// Called when the bus has read the messages that it was handed.
    func messagesRead() {
        self.isBusy = false
        guard self.isWritable else { return }
        self.worker.tick()
        self.exchange?.upstreamWritable()
    }

    // MARK: Time

    /// Looks at whether the client takes anything.
    private func look() {
        guard let exchange = self.exchange, let client = exchange.client, self.isOpen else { return }
        let output = client.output(of: exchange)
        let isWaiting = output.waiting > 0 || self.isPaused
        switch self.stall.look(taken: output.taken, isWaiting: isWaiting, at: self.worker.now) {
        case .idle:
            self.timer?.cancel()
            self.timer = nil
        case .look(let deadline): if self.timer == nil { self.schedule(at: deadline) }
        case .stalled:
            self.detach()
            exchange.driver.clientStalled()
        }
    }

    private func schedule(at deadline: NIODeadline) {
        self.timer?.cancel()
        let stream = self.bound
        self.timer = self.worker.eventLoop.scheduleTask(deadline: deadline) { stream.value.deadlineReached() }
    }

    private func deadlineReached() {
        self.timer = nil
        self.worker.tick()
        // The client has not answered the close frame.
        guard self.isOpen else { return self.finish() }
        self.look()
    }
}

extension EventStream: UpstreamStream {
    var isWritable: Bool { !self.isBusy && !self.isPaused }
    var mayBeSentAgain: Bool { false }

    func writeBody(_ chunk: ByteBuffer) {
        if self.socket != nil, self.exchange != nil { self.receive(chunk) }
    }

    func writeEnd(trailers: TrailerSection?) {}

    func closeOutput() { self.finish() }

    func flush() {}

    func pauseReading() { self.isPaused = true }

    func resumeReading() {
        self.isPaused = false
        self.pump()
        guard self.isWritable else { return }
        self.exchange?.upstreamWritable()
    }

    func cancel() { self.detach() }
}

@available(*, unavailable)
extension EventStream: Sendable {}
