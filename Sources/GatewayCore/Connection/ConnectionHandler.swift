import GatewayHTTP
import GatewayHTTP1
import GatewayHTTP2
package import GatewayTLS
package import NIOCore
import NIOSSL

/// A client's HTTP/1 connection. It reads requests from the channel, starts an exchange for each and writes the
/// responses.
///
/// It is a shell around four parts: `ConnectionStateMachine` decides what to do, `RequestReader` parses requests,
/// `ConnectionClock` keeps the deadlines and `ConnectionOutput` sends bytes. This file handles input. Responses
/// are in `ConnectionHandler+ClientStream.swift`, deadlines and the drain in `ConnectionHandler+Deadlines.swift`.
package final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// The maximum number of bytes to read ahead of an exchange that does not accept them yet.
    private static let readAhead = 64 * 1024
    /// The delay before a client that has closed its input is checked. Most responses are complete by then.
    private static let patience = TimeAmount.milliseconds(100)

    let worker: Worker
    package let listener: ListenerPlan
    package let peer: ClientAddress
    package let tls: TLSSession?
    private let arrival: ClientArrival
    /// Nil until an upstream needs them.
    private var knownClients: AnnouncedClients?
    var machine: ConnectionStateMachine
    var reader: RequestReader
    var clock = ConnectionClock()
    let output: ConnectionOutput
    private(set) var context: ChannelHandlerContext?
    var exchange: Exchange? { didSet { self.countActivity(before: oldValue) } }
    let deadlineSlot: DeadlineWheel.Slot

    init(_ arrival: ClientArrival) {
        self.worker = arrival.worker
        self.listener = arrival.listener
        self.peer = arrival.peer
        self.tls = arrival.tls
        self.arrival = arrival
        let limits = arrival.listener.limits
        self.machine = ConnectionStateMachine(
            requestsPerConnection: limits.requestsPerConnection,
            isAdmitted: arrival.isAdmitted
        )
        self.reader = RequestReader(limits: limits.http1)
        self.deadlineSlot = arrival.worker.deadlines.makeSlot()
        self.output = ConnectionOutput(worker: arrival.worker, to: arrival.output)
    }

    // MARK: The channel

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.output.attach(to: context)
        // Reads requested by this handler then do not pass through the whole pipeline.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        self.worker.deadlines.own(self.deadlineSlot, self)
        self.waitForRead(self.worker.tick() + self.listener.limits.keepAlive)
        self.worker.opened(self)
        if self.machine.isAdmitted { self.listener.connectionOpened() }
        if context.channel.isActive { self.channelActive(context: context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        if self.machine.isAdmitted { context.read() } else { self.refuseConnection() }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.output.detach()
        self.worker.tick()
        self.machine.closed()
        self.exchange?.driver.clientGone(self.clock.writeDeadline <= self.worker.now ? .timedOut(.write) : .clientGone)
        self.release()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.release()
        self.context = nil
    }

    private func release() {
        guard self.machine.release() else { return }
        self.worker.deadlines.free(self.deadlineSlot)
        self.worker.closed(self)
        if self.machine.isAdmitted { self.listener.connectionClosed(isActive: self.exchange != nil) }
        self.reader.release()
        self.output.detach()
        self.knownClients?.leave()
    }

    package var announcedClients: AnnouncedClients? {
        if let known = self.knownClients { return known }
        guard let context = self.context, !self.machine.isReleased else { return nil }
        let clients = AnnouncedClients(of: context.channel, self.arrival.proxyHeader)
        self.knownClients = clients
        return clients
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that ends without close_notify has closed its input or its connection. The event for that follows.
        if let error = error as? NIOSSLError, error == .uncleanShutdown { return }
        context.close(promise: nil)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.worker.tick()
        self.machine.readPassBegan()
        var bytes = self.unwrapInboundIn(data)
        self.reader.append(&bytes)
        self.process()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        self.machine.readPassEnded()
        self.exchange?.upstream?.flush()
        if self.machine.isReading { context.read() }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        self.worker.tick()
        self.machine.inputClosed()
        self.process()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.worker.tick()
        self.machine.writabilityChanged(context.channel.isWritable)
        guard self.machine.isWritable else { return self.waitForWrite() }
        self.clock.stopWaitingForWrite()
        self.exchange?.driver.clientWritable()
        self.process()
    }

    // MARK: A pass over the received bytes

    func process() {
        guard let context = self.context, self.machine.passBegan() else { return }
        while self.step() { if self.output.isFull { self.flushNow() } }
        self.reader.trim()
        if self.machine.passEnded() { self.flushNow() }
        if self.machine.flushesUpstream { self.exchange?.upstream?.flush() }
        if self.machine.resumesReading(buffered: self.reader.buffered, limit: Self.readAhead) { context.read() }
        if self.machine.isInputClosed { self.inputEnded(context) }
    }

    /// Performs one step with the available bytes. Returns false if the next step has to wait.
    private func step() -> Bool {
        switch self.machine.nextStep(buffered: self.reader.buffered) {
        case .wait: return false
        case .readHead: return self.readHead()
        case .readBody: return self.readBody()
        case .discardBody: return self.discardBody()
        case .readTunnel: return self.readTunnel()
        case .dropInput:
            self.reader.drop()
            self.clock.inputDropped(at: self.worker.now)
            self.arm()
            return false
        }
    }

    private func readHead() -> Bool {
        if self.machine.isBetweenRequests { self.clock.headStartedAt = self.worker.now }
        let exchange = self.worker.makeExchange()
        do throws(MessageError) {
            let before = self.reader.buffered
            let head = try self.reader.readHead(into: &exchange.request)
            exchange.bytesIn = UInt64(before - self.reader.buffered)
            let hasBegun = head != .none && self.machine.receivedBytes()
            guard head == .complete else {
                self.worker.recycle(exchange)
                if self.leavesToTLS() { return false }
                if hasBegun { self.waitForRead(self.worker.now + self.listener.limits.headerTimeout) }
                return false
            }
        } catch {
            if error.code == .unsupportedVersion && self.handOver() || self.leavesToTLS() {
                self.worker.recycle(exchange)
                return false
            }
            self.refuse(GatewayError(client: error), with: exchange)
            return true
        }
        self.waitForRead(.distantFuture)
        self.machine.receivedHead(exchange.request.framing, keepAlive: exchange.request.keepAlive)
        self.begin(exchange)
        return true
    }

    /// Leaves the connection to another handler if it begins with the preface of HTTP/2, as clients with prior knowledge
    /// of the gateway do (RFC 9113 section 3.3). Returns whether it did.
    private func handOver() -> Bool {
        let isFirst = self.machine.isFirstRequest(of: self.listener.limits.requestsPerConnection)
        guard let context = self.context, isFirst, self.tls == nil else { return false }
        let bytes = self.reader.buffer
        guard bytes.withUnsafeReadableBytes({ ClientPreface.mayBegin($0) }) else { return false }
        let successor = HTTP2Connection(self.arrival, isTakenOver: true)
        let pipeline = context.pipeline.syncOperations
        guard (try? pipeline.addHandler(successor, position: .after(self))) != nil else { return false }
        self.machine.closed()
        if self.machine.release() {
            self.worker.deadlines.free(self.deadlineSlot)
            self.worker.closed(self)
        }
        self.reader.release()
        self.output.detach()
        pipeline.removeHandler(self, promise: nil)
        successor.receive(bytes)
        return true
    }

    /// Closes a plain connection whose client begins a TLS handshake, and could not read an answer. Returns whether it did.
    private func leavesToTLS() -> Bool {
        guard self.tls == nil, self.reader.buffer.readableBytesView.first.map(ClientHello.mayBegin) == true else {
            return false
        }
        self.machine.receivedMalformed()
        self.reader.drop()
        self.context?.close(promise: nil)
        return true
    }

    private func begin(_ exchange: Exchange) {
        self.exchange = exchange
        let hasBody = !exchange.request.framing.isEmpty
        if hasBody { self.reader.beginBody(exchange.request.framing, limits: self.listener.limits.http1) }
        self.clock.requestBegan(hasBody: hasBody, at: self.worker.now)
        let isTrusted = self.worker.settings.trustedProxies.trust(self.peer, isUnixSocket: self.listener.isUnixSocket)
        exchange.driver.begin(from: self, at: self.peer, isTrusted: isTrusted, since: self.clock.headStartedAt)
    }

    private func readBody() -> Bool {
        guard let exchange = self.exchange else { return false }
        do throws(MessageError) {
            let before = self.reader.buffered
            let event = try self.reader.readBody()
            let count = before - self.reader.buffered
            // A client may send its body without waiting to be asked for it (RFC 9110 section 10.1.1).
            if count > 0, exchange.request.expectsContinue { self.bodyIsAwaited() }
            exchange.bytesIn &+= UInt64(count)
            switch event {
            case .needMore:
                self.waitForBody()
                return false
            case .bytes(let chunk): exchange.driver.receive(body: chunk)
            case .end:
                self.waitForRead(.distantFuture)
                self.act(on: self.machine.requestEnded(buffered: self.reader.buffered))
                exchange.driver.receiveEnd(trailers: self.reader.trailers)
            }
        } catch {
            self.machine.receivedMalformed()
            self.reader.drop()
            exchange.driver.receive(error: error)
        }
        return true
    }

    private func discardBody() -> Bool {
        do throws(MessageError) {
            switch try self.reader.readBody() {
            case .needMore: return false
            case .bytes: break
            case .end: self.act(on: self.machine.requestEnded(buffered: self.reader.buffered))
            }
        } catch {
            self.machine.receivedMalformed()
            self.linger()
        }
        return true
    }

    private func readTunnel() -> Bool {
        guard let exchange = self.exchange else { return false }
        let bytes = self.reader.takeAll()
        exchange.bytesIn &+= UInt64(bytes.readableBytes)
        exchange.driver.receive(body: bytes)
        return true
    }

    private func inputEnded(_ context: ChannelHandlerContext) {
        switch self.machine.inputEnded(buffered: self.reader.buffered) {
        case .close: self.closeWhenWritten()
        case .cut: context.close(promise: nil)
        case .endTunnel: self.exchange?.driver.receiveEnd(trailers: nil)
        case .checkClient: self.waitForRead(self.worker.now + Self.patience)
        case .wait: break
        }
    }

    // MARK: Refusals

    /// Responds with an error to bytes that are not a request, and reads nothing more.
    func refuse(_ error: GatewayError, with exchange: Exchange) {
        self.machine.receivedMalformed()
        self.answer(error, with: exchange)
    }

    /// Responds that the client must use TLS. The bytes are the beginning of its request, for the log.
    func refusePlainHTTP(_ bytes: ByteBuffer) {
        var bytes = bytes
        self.reader.append(&bytes)
        self.clock.headStartedAt = self.worker.tick()
        self.refuse(.badRequest("This port speaks HTTPS. Use https instead of http."), with: self.worker.makeExchange())
        self.process()
    }

    /// Responds that there are too many connections. Reads nothing and waits for nothing, to free the socket at once.
    private func refuseConnection() {
        self.worker.tick()
        self.clock.headStartedAt = self.worker.now
        self.machine.refused()
        let exchange = self.worker.makeExchange()
        let error = GatewayError(.overloaded, retryAfter: 1)
        self.answer(error, with: exchange)
        // Do not wait for a middleware that suspends.
        if self.exchange === exchange, exchange.state.stage == .descending { exchange.driver.fail(error, from: nil) }
    }

    private func answer(_ error: GatewayError, with exchange: Exchange) {
        exchange.request = RequestHead(refused: self.reader.buffer)
        exchange.bytesIn = UInt64(self.reader.buffered)
        self.exchange = exchange
        exchange.driver.refuse(error, from: self, at: self.peer, since: self.clock.headStartedAt)
    }

    // MARK: After an exchange

    func act(on end: ConnectionStateMachine.OnEnd) {
        switch end {
        case .wait: break
        case .nextRequest:
            self.waitForRead(self.worker.now + self.timeBetweenRequests)
            self.process()
        case .discard:
            self.waitForRead(self.worker.now + self.listener.limits.headerTimeout)
            self.process()
        case .linger:
            self.linger()
            self.process()
        case .close: self.closeWhenWritten()
        }
    }

    private func closeWhenWritten() {
        self.whenWritten { $0.close(promise: nil) }
        guard !self.machine.isReleased else { return }
        // Wait only for the client to accept the remaining bytes.
        self.clock.readDeadline = .distantFuture
        self.waitForWrite()
    }

    func linger() {
        self.whenWritten { $0.close(mode: .output, promise: nil) }
        self.clock.linger(at: self.worker.now)
        self.arm()
    }

    /// Flushes, and calls `body` when the last byte has left the channel.
    private func whenWritten(_ body: @escaping (ChannelHandlerContext) -> Void) {
        guard let context = self.context else { return }
        self.output.flush(context)
        guard self.output.isQueued(context) else { return body(context) }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in body(context) }
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: promise)
    }

    /// Counts the connection as active or idle when an exchange starts or ends.
    private func countActivity(before: Exchange?) {
        guard (before == nil) != (self.exchange == nil), self.machine.isCounted else { return }
        self.listener.connectionChanged(isActive: self.exchange != nil)
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
