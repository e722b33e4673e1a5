import DequeModule
import GatewayHTTP
import GatewayHTTP2
import NIOCore

/// An HTTP/2 connection to an upstream. It belongs to its pool and serves several calls at a time, each on its own
/// stream.
///
/// This file handles the channel, requests and the end. `+Frames` acts on frames, `+Output` schedules what is sent.
///
/// Slow clients hold up no other stream: the window of the connection is returned as bytes arrive, that of a stream as
/// its caller takes them.
final class HTTP2UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How many bytes the peer may send on a stream before its caller takes them.
    static let streamWindow = 256 * 1024

    let pool: UpstreamPool
    let worker: Worker
    let limits: FieldLimits
    let output: ConnectionOutput
    private let isSecure: Bool
    private(set) var context: ChannelHandlerContext?
    private var machine: StateMachine
    private var slot: DeadlineWheel.Slot?
    private var armedUntil = NIODeadline.distantFuture
    /// Waits for the peer's SETTINGS.
    private var opening: (timer: Scheduled<Void>, done: (Result<PooledConnection, any Error>) -> Void)?
    /// The connection's ID in the pool while it is open.
    var lease: UpstreamPool.Machine.ConnectionID?

    // MARK: Streams

    private(set) var streams: [UInt32: HTTP2UpstreamStream] = [:]
    /// The streams that have received something in this read pass.
    private var touched: [HTTP2UpstreamStream] = []
    private(set) var isInPass = false

    // MARK: Frames and compression

    var frames: ServerFrames
    private var requests: RequestEncoder
    var encoder = FieldBlockEncoder()
    var decoder = FieldBlockDecoder()
    /// The number of answers that wait for a peer that does not read.
    var unreadAnswers = 0

    // MARK: Output

    /// What the peer still accepts on all streams together.
    var sendWindow = FlowWindow.initial
    /// The streams with data that their own windows allow to send.
    var ready = Deque<HTTP2UpstreamStream>()
    /// The streams whose callers may write again.
    var writable: [HTTP2UpstreamStream] = []
    var isPumping = false
    var isFlushScheduled = false

    init(
        pool: UpstreamPool,
        limits: FieldLimits,
        settings: StateMachine.Settings,
        output destination: ConnectionOutput.Destination
    ) {
        self.pool = pool
        self.worker = pool.worker
        self.limits = limits
        self.isSecure = pool.security != nil
        self.output = ConnectionOutput(worker: pool.worker, to: destination)
        self.frames = ServerFrames(maxHeaderList: Self.maxHeaderList(limits))
        self.requests = RequestEncoder(scheme: pool.security == nil ? .http : .https)
        self.machine = StateMachine(settings: settings, now: pool.worker.now)
    }

    /// The size of a list beyond which the connection ends. Beyond the limit itself only the response is rejected.
    var maxHeaderList: Int { Self.maxHeaderList(self.limits) }
    private static func maxHeaderList(_ limits: FieldLimits) -> Int { min(limits.size * 4, Int(Int32.max)) }

    var limit: Int { self.machine.limit }
    var hasRoom: Bool { self.machine.hasRoom }
    var isReusable: Bool { self.machine.isReusable }
    var isIdle: Bool { self.machine.streams == 0 }
    var hasAnswered: Bool { self.machine.hasAnswered }

    /// Whether the connection takes this call too. One that is sent again needs a connection that has shown since that it
    /// is alive, and that has not refused it.
    func accepts(_ call: UpstreamCall) -> Bool {
        guard self.machine.hasRoom, call.avoided == nil || self.lease != call.avoided else { return false }
        guard call.needsFreshConnection, let sentAt = call.sentAt else { return true }
        return self.machine.receivedAt > sentAt
    }

    /// Calls `done` once the peer's SETTINGS have arrived, or it becomes clear that they will not.
    func whenOpen(within timeout: TimeAmount, _ done: @escaping (Result<PooledConnection, any Error>) -> Void) {
        switch self.machine.state {
        case .connecting: break
        case .open: return done(.success(.http2(self)))
        case .draining, .closed: return done(.failure(ChannelError.eof))
        }
        let timer = self.worker.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.endOpening(.failure(ChannelError.connectTimeout(timeout)))
            self.close()
        }
        self.opening = (timer, done)
    }

    private func endOpening(_ result: Result<PooledConnection, any Error>) {
        guard let opening = self.opening else { return }
        self.opening = nil
        opening.timer.cancel()
        opening.done(result)
    }

    // MARK: Requests

    func start(_ call: UpstreamCall, isReused: Bool) {
        guard let caller = call.caller, self.context != nil else {
            call.fail(.upstreamReset(reason: "connection closed"))
            if self.isIdle { self.pool.streamEnded(on: self) }
            return
        }
        var head = self.worker.takeBuffer()
        caller.writeHead(for: self.pool.target, into: &head)
        let isRead = head.withUnsafeReadableBytes { self.requests.read($0) }
        let now = self.worker.now
        guard isRead, let onHead = self.machine.sendHead(at: now, pingTimeout: self.pool.connectTimeout) else {
            self.worker.giveBack(head)
            call.fail(GatewayError(.internalError, reason: "no stream for the request"))
            if self.isIdle { self.pool.streamEnded(on: self) }
            return
        }
        self.machine.open()
        self.frames.lastStream = onHead.stream
        self.writeHead(head, on: onHead.stream)
        self.worker.giveBack(head)
        let hasBody = self.requests.hasBody
        let stream = HTTP2UpstreamStream(onHead.stream, of: self, for: call, hasBody: hasBody, isReused: isReused)
        self.streams[onHead.stream] = stream
        if onHead.pings { self.ping() }
        self.arm()
        call.sent(at: now)
        caller.sent(to: stream)
    }

    /// Writes the head that was read last.
    private func writeHead(_ head: ByteBuffer, on id: UInt32) {
        let maxFrame = self.frames.settings.maxFrame
        self.output.collect { buffer in
            buffer.writeHeaders(id, endsStream: !self.requests.hasBody, maxFrame: maxFrame) { block in
                self.encoder.begin(&block)
                head.withUnsafeReadableBytes { self.requests.write($0, to: &block) }
            }
        }
    }

    private func ping() {
        self.output.collect { $0.writePing(1, isAcknowledgement: false) }
        self.flushSoon()
    }

    // MARK: Streams

    func answered() { self.machine.answered() }

    /// Forgets a stream that has ended.
    ///
    /// - Parameter code: What to tell the peer, unless both sides have ended the stream.
    func remove(_ stream: HTTP2UpstreamStream, reset code: HTTP2ErrorCode?) {
        guard self.streams.removeValue(forKey: stream.id) != nil else { return }
        self.dropData(of: stream)
        if let code { self.writeReset(stream.id, code) }
    }

    /// What waits for the peer's window must not pile up behind it.
    private func dropData(of stream: HTTP2UpstreamStream) {
        stream.body.drop()
        guard stream.isReady else { return }
        stream.isReady = false
        self.ready.removeAll { $0 === stream }
    }

    /// Returns the place of a stream that has ended.
    func streamEnded() {
        _ = self.machine.streamEnded()
        self.pool.streamEnded(on: self)
    }

    /// Ends a stream that the peer has reset.
    func reset(_ stream: HTTP2UpstreamStream, _ code: HTTP2ErrorCode) {
        self.remove(stream, reset: nil)
        let cause: HTTP2UpstreamStream.StateMachine.Cause =
            code == .refusedStream ? .refused : .reset(isError: code != .noError)
        stream.lost(cause, reason: "stream reset with code \(code.rawValue)")
        self.streamEnded()
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // The channel already has its socket, though it may not be connected yet.
        self.output.attach(to: context)
        // Several streams share the buffer.
        try? context.channel.syncOptions?.setOption(
            .writeBufferWaterMark,
            value: .init(low: 64 * 1024, high: 256 * 1024)
        )
        if context.channel.isActive { self.begin() }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.begin()
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.output.detach()
    }

    private func begin() {
        self.output.collect { self.frames.writeBeginning(to: &$0, streamWindow: Self.streamWindow) }
        self.flushNow()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.worker.tick()
        self.isInPass = true
        self.machine.received(at: self.worker.now)
        self.frames.append(self.unwrapInboundIn(data))
        do throws(HTTP2ConnectionError) {
            while self.machine.state != .closed, let event = try self.frames.next(at: self.worker.now) {
                try self.act(on: event)
            }
        } catch {
            self.fail(error)
        }
    }

    /// Returns an open stream, whose caller learns at the end of the pass that the upstream paused.
    func touch(_ id: UInt32) -> HTTP2UpstreamStream? {
        guard let stream = self.streams[id] else { return nil }
        if !stream.isTouched {
            stream.isTouched = true
            self.touched.append(stream)
        }
        return stream
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // The end of the input is reported without bytes.
        guard self.isInPass else { return }
        let touched = self.touched
        self.touched.removeAll(keepingCapacity: true)
        for stream in touched {
            stream.isTouched = false
            stream.call?.caller?.upstreamPaused()
        }
        self.isInPass = false
        self.flushNow()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.worker.tick()
        guard context.channel.isWritable else { return }
        self.pump()
        self.flushNow()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        self.worker.tick()
        self.end(ChannelError.eof, reason: "connection closed")
    }

    /// Applies the number of streams that the peer allows. Nil if it names none.
    func limitStreams(_ maxStreams: Int?) {
        switch self.machine.settings(maxStreams: maxStreams) {
        case .opened: self.endOpening(.success(.http2(self)))
        case .changed where self.limit == 0 && self.isIdle && self.machine.state == .open: self.close()
        case .changed: self.pool.limitChanged(on: self)
        }
    }

    func receiveGoAway(last: UInt32, _ code: HTTP2ErrorCode) {
        let onDrain = self.machine.drain()
        self.endOpening(.failure(ChannelError.eof))
        self.pool.draining(self)
        if onDrain == .close { return self.close() }
        let refused = self.streams.values.filter { $0.id > last }.sorted { $0.id < $1.id }
        for stream in refused { self.remove(stream, reset: nil) }
        for stream in refused {
            stream.lost(.refused, reason: "GOAWAY with code \(code.rawValue)")
            _ = self.machine.streamEnded()
        }
        if !refused.isEmpty { self.pool.streamEnded(on: self) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.worker.tick()
        self.end(error, reason: "\(error)")
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.output.detach()
        self.worker.tick()
        self.end(ChannelError.eof, reason: "connection closed")
        context.fireChannelInactive()
    }

    // MARK: The end

    /// Takes no more streams, and closes once the open ones have ended.
    func drain() { if self.machine.drain() == .close { self.close() } }

    func close() {
        self.writeGoAway(.noError)
        self.end(ChannelError.eof, reason: "connection closed by the gateway")
    }

    /// Ends the connection because of an error of the peer (RFC 9113 section 5.4.1).
    private func fail(_ error: HTTP2ConnectionError) {
        self.writeGoAway(error.code, error.reason)
        self.end(error, reason: "\(error)")
    }

    private func writeGoAway(_ code: HTTP2ErrorCode, _ reason: StaticString = "") {
        guard self.machine.state != .closed, let context = self.context, context.channel.isActive else { return }
        self.output.collect { $0.writeGoAway(last: 0, code, reason: reason) }
        self.output.flush(context)
    }

    private func end(_ error: any Error, reason: String) {
        guard self.machine.close() else { return }
        if let slot = self.slot { self.worker.deadlines.free(slot) }
        self.slot = nil
        self.output.detach()
        // Close the channel before the pool may open a replacement, so that `max_connections` is never exceeded.
        if let context = self.context {
            if self.isSecure { context.closeSecureChannel() } else { context.close(promise: nil) }
        }
        self.endOpening(.failure(error))
        let streams = self.streams.values.sorted { $0.id < $1.id }
        self.streams = [:]
        self.ready.removeAll()
        self.pool.closed(self)
        for stream in streams { stream.lost(.connectionLost, reason: reason) }
    }

    // MARK: Time

    private func arm() {
        let next = self.machine.nextDeadline
        guard next < self.armedUntil, self.machine.state != .closed else { return }
        self.armedUntil = next
        let slot = self.slot ?? self.worker.deadlines.makeSlot()
        if self.slot == nil { self.worker.deadlines.own(slot, self) }
        self.slot = slot
        self.worker.deadlines.set(slot, to: next)
    }
}

extension HTTP2UpstreamConnection: DeadlineOwner {
    func deadlineReached(now: NIODeadline) {
        self.worker.tick()
        self.armedUntil = .distantFuture
        switch self.machine.timeReached(at: now, pingTimeout: self.pool.connectTimeout) {
        case .none: break
        case .ping: self.ping()
        case .dead: return self.end(ChannelError.eof, reason: "no answer to a PING")
        }
        self.arm()
    }
}

@available(*, unavailable)
extension HTTP2UpstreamConnection: Sendable {}
