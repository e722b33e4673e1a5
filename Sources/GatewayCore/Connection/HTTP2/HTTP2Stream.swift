package import GatewayHTTP
import GatewayHTTP2
package import GatewayTLS
package import NIOCore

/// A stream of a client's HTTP/2 connection, as the exchange sees it. It holds what the other side does not accept yet.
package final class HTTP2Stream: ClientStream {
    /// How much of a response may wait for the client before its upstream is paused.
    private static let highWatermark = 128 * 1024

    let connection: HTTP2Connection
    let id: UInt32
    var exchange: Exchange?
    /// Whether the stream was reset, and its exchange only records the request.
    var isMute = false
    private(set) var isTunnel = false

    // MARK: The request

    /// Whether the client has not sent END_STREAM yet.
    var isRequestOpen = false
    /// The received part of the body that the exchange has not taken.
    private var held = ByteBuffer()
    private var isPaused = true
    private var hasDeliveredEnd = false
    private var trailers: TrailerSection?
    /// The part of the declared length that has not been received. Nil if none was declared.
    private var lengthLeft: Int?
    /// A request whose head says that it is complete, until END_STREAM confirms it.
    private var unbegun: (exchange: Exchange, since: NIODeadline)?
    private var receiveWindow: Int
    /// The part of the window to give back.
    private var unreturned = 0
    private var bodyBytes = 0
    var isInReceived = false
    private(set) var clock = ConnectionClock()
    /// When to stop waiting for the rest of a request that was answered early.
    var restDeadline = NIODeadline.distantFuture

    // MARK: The response

    /// The part of the response that waits for the client.
    var pending: OutgoingBody
    private var isHeadPending = false
    private var isEndPending = false
    private(set) var hasSentHead = false
    private(set) var hasSentEnd = false
    var isReady = false
    /// Since when the client has not taken a byte of `pending`.
    var blockedSince: NIODeadline?
    private var isToldNotWritable = false

    init(_ id: UInt32, on connection: HTTP2Connection) {
        self.id = id
        self.connection = connection
        self.pending = OutgoingBody(window: connection.peerSettings.initialWindow)
        self.receiveWindow = max(connection.limits.window, FlowWindow.initial)
    }

    private var worker: Worker { self.connection.worker }
    package var announcedClients: AnnouncedClients? { self.connection.announcedClients }

    // MARK: The beginning

    func begin(_ exchange: Exchange, isTunnel: Bool, since start: NIODeadline) {
        self.isTunnel = isTunnel
        if case .length(let length) = exchange.request.framing { self.lengthLeft = length }
        guard !self.isRequestOpen || isTunnel || !exchange.request.framing.isEmpty else {
            // Content-Length is 0, and DATA could still contradict it.
            self.lengthLeft = 0
            self.unbegun = (exchange, start)
            return
        }
        self.start(exchange, since: start)
    }

    private func start(_ exchange: Exchange, since start: NIODeadline) {
        self.exchange = exchange
        self.clock.requestBegan(hasBody: self.isRequestOpen, at: self.worker.now)
        let peer = self.connection.arrival.peer
        let isUnixSocket = self.connection.listener.isUnixSocket
        let isTrusted = self.worker.settings.trustedProxies.trust(peer, isUnixSocket: isUnixSocket)
        exchange.driver.begin(
            from: self,
            at: peer,
            isTrusted: isTrusted,
            since: start,
            isExtendedConnect: self.isTunnel
        )
    }

    /// Answers a request that was not read.
    func refuse(_ exchange: Exchange, _ error: GatewayError, since start: NIODeadline) {
        self.exchange = exchange
        exchange.driver.refuse(error, from: self, at: self.connection.arrival.peer, since: start)
    }

    // MARK: The request's body

    /// Takes a DATA frame. Returns an error that ends the stream, or nil.
    ///
    /// - Parameter length: The length that counts for flow control, including padding.
    func receive(_ data: ByteBuffer, length: Int, endsStream: Bool) -> HTTP2ErrorCode? {
        guard self.isRequestOpen else { return .streamClosed }
        guard length <= self.receiveWindow else { return .flowControl }
        self.receiveWindow -= length
        self.unreturned += length - data.readableBytes
        self.bodyBytes += data.readableBytes
        if let left = self.lengthLeft {
            guard data.readableBytes <= left else { return .protocolError }
            self.lengthLeft = left - data.readableBytes
        }
        if let exchange = self.exchange {
            exchange.bytesIn &+= UInt64(length + FrameHead.length)
            // A client may send its body without waiting to be asked for it (RFC 9110 section 10.1.1).
            if data.readableBytes > 0, exchange.request.expectsContinue { self.bodyIsAwaited() }
        }
        // The response is complete: drop the rest.
        guard !self.hasSentEnd else { return endsStream ? self.receiveEnd(trailers: nil) : nil }
        if self.held.readableBytes == 0 { self.held = data } else { self.held.writeImmutableBuffer(data) }
        if endsStream { return self.receiveEnd(trailers: nil) }
        self.deliver()
        return nil
    }

    /// Takes the end of the request. Returns an error that ends the stream, or nil.
    func receiveEnd(trailers: TrailerSection?) -> HTTP2ErrorCode? {
        guard self.lengthLeft ?? 0 == 0 else { return .protocolError }
        self.isRequestOpen = false
        if self.hasSentEnd {
            self.connection.endedWhole(self)
            return nil
        }
        self.trailers = trailers
        if let (exchange, since) = self.unbegun {
            self.unbegun = nil
            self.start(exchange, since: since)
        }
        self.deliver()
        return nil
    }

    /// Passes on what was received, as far as the exchange takes it.
    private func deliver() {
        guard let exchange = self.exchange else { return }
        // A body of the declared length is complete only with END_STREAM, because more would be an error.
        while !self.isPaused, self.held.readableBytes > 0, self.lengthLeft != 0 || !self.isRequestOpen {
            let data = self.held
            self.held = ByteBuffer()
            self.unreturned += data.readableBytes
            if !self.isInReceived {
                self.isInReceived = true
                self.connection.received.append(self)
            }
            exchange.driver.receive(body: data)
            guard self.exchange === exchange else { return }
        }
        self.returnWindow()
        guard !self.isPaused else { return }
        guard !self.isRequestOpen, self.held.readableBytes == 0 else { return self.waitForBody() }
        guard !self.hasDeliveredEnd else { return }
        self.hasDeliveredEnd = true
        self.clock.readDeadline = .distantFuture
        exchange.driver.receiveEnd(trailers: self.trailers)
    }

    /// Gives the window back for what was taken.
    private func returnWindow() {
        guard self.isRequestOpen, self.unreturned * 2 >= self.connection.limits.window else { return }
        self.receiveWindow += self.unreturned
        self.connection.output.collect { $0.writeWindowUpdate(self.id, by: self.unreturned) }
        self.unreturned = 0
        self.connection.flushLater()
    }

    package func pauseRequestBody() {
        guard !self.isPaused else { return }
        self.isPaused = true
        self.clock.bodyPaused(at: self.worker.now)
        self.clock.readDeadline = .distantFuture
    }

    package func resumeRequestBody() {
        guard self.isPaused else { return }
        self.isPaused = false
        self.clock.bodyResumed(at: self.worker.now)
        self.deliver()
        if !self.connection.isReceiving { self.connection.flushUpstreams() }
    }

    // MARK: Slow bodies

    private func bodyIsAwaited() {
        guard let exchange = self.exchange, exchange.request.expectsContinue else { return }
        exchange.request.expectsContinue = false
        self.clock.bodyAwaited(at: self.worker.now)
        if !self.isPaused { self.waitForBody() }
    }

    private func waitForBody() {
        guard let exchange = self.exchange, self.isRequestOpen, !self.isTunnel else { return }
        // The upstream has to ask for the body, so its deadlines apply instead.
        // A gRPC stream sends when it has something to say.
        guard !exchange.request.expectsContinue, !exchange.isGRPC else {
            self.clock.readDeadline = .distantFuture
            return
        }
        let rate = self.connection.listener.limits.bodyNanosecondsPerByte
        self.clock.readDeadline = self.clock.bodyDeadline(bytes: self.bodyBytes, nanosecondsPerByte: rate)
        self.connection.check(at: self.clock.readDeadline)
    }

    /// Called when the body did not arrive in time.
    func bodyTooSlow() {
        self.clock.readDeadline = .distantFuture
        self.exchange?.state.abandonRequest()
        self.exchange?.driver.requestTooSlow()
    }

    /// Called when the trailers exceed their limits.
    func fail(_ error: MessageError) { self.exchange?.driver.receive(error: error) }

    // MARK: The response

    package var isWritable: Bool {
        let isWritable =
            self.isEndPending
            ? self.hasSentEnd : self.pending.count < Self.highWatermark && self.connection.isWritable
        if !isWritable, !self.isMute { self.isToldNotWritable = true }
        return isWritable || self.isMute
    }

    package var scheme: StaticString { self.tls == nil ? "http" : "https" }
    package var tls: TLSSession? { self.connection.arrival.tls }
    package var marksEnds: Bool { true }
    package var protocolName: StaticString { "HTTP/2" }
    package var peer: ClientAddress { self.connection.arrival.peer }

    package func writeInformational(_ head: borrowing ResponseHead) {
        guard !self.isMute, !self.isClosed else { return }
        if head.status == 100 { self.bodyIsAwaited() }
        let connection = self.connection
        let count = connection.output.collect { buffer in
            buffer.writeHeaders(self.id, endsStream: false, maxFrame: connection.peerSettings.maxFrame) { block in
                connection.encoder.begin(&block)
                block.writeStatusField(head.status)
                block.writeFieldLiterals(head.headers)
            }
        }
        self.exchange?.bytesOut &+= UInt64(count)
        connection.flushLater()
    }

    package func writeHead(of exchange: Exchange) {
        // A head without a body must end the stream itself, so it waits for what follows.
        self.isHeadPending = true
    }

    package func writeBody(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0, !self.isMute, !self.isClosed else { return }
        if self.isHeadPending { self.sendHead(endsStream: false) }
        self.pending.append(chunk)
    }

    package func writeEnd(of exchange: Exchange) {
        self.isEndPending = true
        guard self.isMute || self.isClosed else { return }
        self.isHeadPending = false
        self.hasSentEnd = true
    }

    package func flush() {
        guard !self.isMute, !self.isClosed else { return }
        if self.isEndPending, self.pending.count == 0 {
            self.sendEnd()
        } else {
            if self.isHeadPending { self.sendHead(endsStream: false) }
            self.connection.enqueue(self)
            self.connection.pump()
        }
        self.connection.flushLater()
    }

    private func sendHead(endsStream: Bool) {
        self.isHeadPending = false
        guard let exchange = self.exchange else { return }
        self.hasSentHead = true
        let connection = self.connection
        var status = exchange.response.status
        if status == 101 {
            // RFC 8441 section 5: the tunnel is accepted as any CONNECT is.
            status = 200
            exchange.response.headers.removeAll(Self.accept)
        }
        let date = exchange.response.headers.contains(.date) ? nil : self.worker.date()
        let count = connection.output.collect { buffer in
            buffer.writeHeaders(self.id, endsStream: endsStream, maxFrame: connection.peerSettings.maxFrame) { block in
                connection.encoder.begin(&block)
                block.writeStatusField(status)
                block.writeFieldLiterals(exchange.response.headers)
                if let date { block.writeFieldLiteral(.date, date) }
            }
        }
        exchange.bytesOut &+= UInt64(count)
        if endsStream { self.sentEnd() }
    }

    private static let accept = HeaderName("Sec-WebSocket-Accept")

    /// Sends the end of the response, behind all of its body.
    private func sendEnd() {
        guard !self.hasSentEnd else { return }
        let trailers = self.exchange?.responseBody.trailers
        if self.isHeadPending {
            if trailers == nil { return self.sendHead(endsStream: true) }
            self.sendHead(endsStream: false)
        }
        let connection = self.connection
        let count = connection.output.collect { buffer in
            if let trailers {
                buffer.writeHeaders(self.id, endsStream: true, maxFrame: connection.peerSettings.maxFrame) { block in
                    connection.encoder.begin(&block)
                    block.writeFieldLiterals(trailers.fields)
                }
            } else {
                buffer.write(FrameHead(length: 0, type: .data, flags: .endStream, streamID: self.id))
            }
        }
        if trailers == nil { connection.floods.sentData() }
        self.exchange?.bytesOut &+= UInt64(count)
        self.sentEnd()
    }

    /// Sends one DATA frame of at most `limit` bytes. Returns the number of bytes.
    func sendData(limit: Int) -> Int {
        guard let data = self.pending.next(limit: limit) else { return 0 }
        let count = data.readableBytes
        let isLast = self.pending.count == 0 && self.isEndPending
        let endsStream = isLast && self.exchange?.responseBody.trailers == nil
        let head = FrameHead(length: count, type: .data, flags: endsStream ? .endStream : [], streamID: self.id)
        self.connection.output.collect { buffer in
            buffer.write(head)
            buffer.writeImmutableBuffer(data)
        }
        self.connection.floods.sentData()
        self.exchange?.bytesOut &+= UInt64(count + FrameHead.length)
        if endsStream { self.sentEnd() } else if isLast { self.sendEnd() }
        return count
    }

    private func sentEnd() {
        self.hasSentEnd = true
        // The stream's place is free before the client learns that the stream is closed, because it may then open
        // another one at once.
        self.connection.sentEnd(of: self, awaitsRest: self.awaitsRest)
    }

    /// Returns whether the rest of the request may be on its way, and is no burden.
    private var awaitsRest: Bool {
        guard let exchange = self.exchange, !exchange.request.expectsContinue else { return false }
        // The body did not arrive in time, so the rest of it will not either.
        return exchange.errorCode != .requestTimeout
    }

    /// Tells the exchange that the client accepts more, if it was told the opposite.
    func tellWritable() {
        guard self.isToldNotWritable, let exchange = self.exchange, self.isWritable else { return }
        self.isToldNotWritable = false
        exchange.driver.clientWritable()
    }

    // MARK: The end

    /// Whether the stream is no longer one of the connection's.
    private var isClosed: Bool { self.connection.streams[self.id] !== self }

    package func output(of exchange: Exchange) -> ClientOutput {
        // Bytes count when the connection sends them.
        ClientOutput(taken: Int(clamping: exchange.bytesOut), waiting: self.pending.count)
    }

    package func cut() {
        self.exchange = nil
        self.connection.reset(self, .internalError)
    }

    package func exchangeEnded(_ exchange: Exchange) {
        guard self.exchange === exchange else { return }
        self.exchange = nil
        self.held = ByteBuffer()
        // Without its end, a response must not look complete.
        if !self.hasSentEnd { self.connection.reset(self, .internalError) }
    }

    /// Drops what waits for the client, and a request that has not begun.
    func dropPending() {
        self.isReady = false
        self.pending.drop()
        guard let (exchange, _) = self.unbegun else { return }
        self.unbegun = nil
        self.worker.recycle(exchange)
    }
}

@available(*, unavailable)
extension HTTP2Stream: Sendable {}
