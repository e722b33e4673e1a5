import GatewayHTTP
import GatewayHTTP2
import NIOCore
import NIOHTTP2

/// An HTTP/2 connection to an upstream, above the frame layer. It belongs to its pool and serves several calls at a
/// time, each on its own stream.
///
/// Slow clients hold up no other stream: the window of the connection is returned as bytes arrive, that of a stream as
/// its caller takes them.
final class HTTP2UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// How many bytes the peer may send on a stream before its caller takes them.
    static let streamWindow = 256 * 1024
    /// It only limits what is in flight, because it is returned at once.
    private static let connectionWindow = 1 << 30

    let pool: UpstreamPool
    let fields: ResponseHeaderList
    private let worker: Worker
    private let scheme: RequestHeaderList.Scheme
    private var machine: StateMachine
    private var context: ChannelHandlerContext?
    private var streams: [HTTP2StreamID: HTTP2UpstreamStream] = [:]
    /// The streams that have received something in this read pass.
    private var touched: [HTTP2UpstreamStream] = []
    /// The streams whose callers may write again.
    private var writable: [HTTP2UpstreamStream] = []
    private var isInPass = false
    private var isFlushing = false
    /// Whether the frame layer has given up the connection.
    private var hasSentGoAway = false
    private var slot: DeadlineWheel.Slot?
    private var armedUntil = NIODeadline.distantFuture
    /// Waits for the peer's SETTINGS.
    private var opening: (timer: Scheduled<Void>, done: (Result<PooledConnection, any Error>) -> Void)?
    /// The connection's ID in the pool while it is open.
    var lease: UpstreamPool.Machine.ConnectionID?

    init(
        pool: UpstreamPool,
        fields: ResponseHeaderList,
        scheme: RequestHeaderList.Scheme,
        settings: StateMachine.Settings
    ) {
        self.pool = pool
        self.worker = pool.worker
        self.fields = fields
        self.scheme = scheme
        self.machine = StateMachine(settings: settings, now: pool.worker.now)
    }

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
        guard let caller = call.caller, let context = self.context else {
            call.fail(.upstreamReset(reason: "connection closed"))
            if self.isIdle { self.pool.streamEnded(on: self) }
            return
        }
        var head = self.worker.takeBuffer()
        caller.writeHead(for: self.pool.target, into: &head)
        let request = head.withUnsafeReadableBytes { RequestHeaderList.list(of: $0, scheme: self.scheme) }
        self.worker.giveBack(head)
        let now = self.worker.now
        guard let request, let onHead = self.machine.sendHead(at: now, pingTimeout: self.pool.connectTimeout) else {
            call.fail(GatewayError(.internalError, reason: "no stream for the request"))
            if self.isIdle { self.pool.streamEnded(on: self) }
            return
        }
        self.machine.open()
        let id = HTTP2StreamID(onHead.stream)
        let stream = HTTP2UpstreamStream(id, of: self, for: call, hasBody: request.hasBody, isReused: isReused)
        self.streams[id] = stream
        let frame = HTTP2Frame(
            streamID: id,
            payload: .headers(.init(headers: request.list, endStream: !request.hasBody))
        )
        context.write(self.wrapOutboundOut(frame), promise: nil)
        if onHead.pings { self.ping() }
        self.arm()
        guard stream.call === call else { return }
        call.sent(at: now)
        caller.sent(to: stream)
    }

    func write(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2UpstreamStream) {
        self.context?.write(self.wrapOutboundOut(HTTP2Frame(streamID: stream.id, payload: payload)), promise: nil)
    }

    private func ping() {
        let frame = HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(withInteger: 1), ack: false))
        self.context?.write(self.wrapOutboundOut(frame), promise: nil)
        self.flushSoon()
    }

    /// Flushes what all streams write in this turn of the event loop with one system call.
    func flushSoon() {
        guard !self.isFlushing else { return }
        self.isFlushing = true
        if self.isInPass { return }
        self.worker.eventLoop.assumeIsolated().execute {
            guard self.isFlushing else { return }
            self.worker.tick()
            self.flush()
            self.tellWritable()
        }
    }

    func flush() {
        self.isFlushing = false
        self.context?.flush()
    }

    /// Tells the callers that can write again. Not from within a write, which must not be nested.
    private func tellWritable() {
        guard !self.writable.isEmpty else { return }
        let writable = self.writable
        self.writable = []
        for stream in writable { stream.call?.caller?.upstreamWritable() }
    }

    // MARK: Streams

    func answered() { self.machine.answered() }

    /// Forgets a stream that has ended.
    ///
    /// - Parameter code: What to tell the peer, unless both sides have ended the stream.
    func remove(_ stream: HTTP2UpstreamStream, reset code: NIOHTTP2.HTTP2ErrorCode?) {
        guard self.streams.removeValue(forKey: stream.id) != nil else { return }
        guard let code else { return }
        self.write(.rstStream(code), on: stream)
        self.flushSoon()
    }

    /// Returns the place of a stream that has ended.
    func streamEnded() {
        _ = self.machine.streamEnded()
        self.pool.streamEnded(on: self)
    }

    private func reset(_ stream: HTTP2UpstreamStream, _ code: NIOHTTP2.HTTP2ErrorCode) {
        self.streams[stream.id] = nil
        let cause: HTTP2UpstreamStream.StateMachine.Cause =
            code == .refusedStream ? .refused : .reset(isError: code != .noError)
        stream.lost(cause, reason: "stream reset with \(code)")
        self.streamEnded()
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Several streams share the buffer.
        try? context.channel.syncOptions?.setOption(
            .writeBufferWaterMark,
            value: .init(low: 64 * 1024, high: 256 * 1024)
        )
        if context.channel.isActive { self.openWindow() }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.openWindow()
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Enlarges the connection's window, which SETTINGS do not cover (RFC 9113 section 6.9.2).
    private func openWindow() {
        self.returnWindow(65_535)
        self.context?.flush()
    }

    private func returnWindow(_ left: Int) {
        let update = HTTP2Frame.FramePayload.windowUpdate(windowSizeIncrement: Self.connectionWindow - left)
        self.context?.write(self.wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: update)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.worker.tick()
        self.isInPass = true
        self.machine.received(at: self.worker.now)
        let frame = self.unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            self.touch(frame.streamID)?.receive(headers.headers, endsStream: headers.endStream)
        case .data(let data):
            guard case .byteBuffer(let chunk) = data.data else { return }
            let count = chunk.readableBytes + (data.paddingBytes.map { $0 + 1 } ?? 0)
            self.touch(frame.streamID)?.receive(chunk, windowed: count, endsStream: data.endStream)
        case .rstStream(let code):
            if let stream = self.streams[frame.streamID] { self.reset(stream, code) }
        case .settings(.settings(let settings)): self.receive(settings)
        case .goAway(let last, let code, _): self.receiveGoAway(last: last, code)
        // Push is disabled (RFC 9113 section 8.4).
        case .pushPromise: self.end(ChannelError.eof, reason: "push that is disabled")
        case .settings(.ack), .ping, .windowUpdate, .priority, .alternativeService, .origin: break
        }
    }

    private func touch(_ id: HTTP2StreamID) -> HTTP2UpstreamStream? {
        guard let stream = self.streams[id] else { return nil }
        if !stream.isTouched {
            stream.isTouched = true
            self.touched.append(stream)
        }
        return stream
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let touched = self.touched
        self.touched.removeAll(keepingCapacity: true)
        for stream in touched {
            stream.isTouched = false
            stream.call?.caller?.upstreamPaused()
        }
        self.isInPass = false
        if self.isFlushing { self.flush() }
        self.tellWritable()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.worker.tick()
        self.tellWritable()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let update as NIOHTTP2WindowUpdatedEvent:
            guard update.streamID == .rootStream, let left = update.inboundWindowSize else { return }
            if left < Self.connectionWindow / 2, self.machine.state != .connecting { self.returnWindow(left) }
        case let closed as StreamClosedEvent:
            guard let code = closed.reason, let stream = self.streams[closed.streamID] else { return }
            switch code {
            // The frame layer has found an error of the peer on this stream.
            case .protocolError, .flowControlError, .streamClosed: stream.fail("\(code)", isOpen: false)
            default: self.reset(stream, code)
            }
        case ChannelEvent.inputClosed: self.end(ChannelError.eof, reason: "connection closed")
        case is NIOHTTP2StreamCreatedEvent, is NIOHTTP2BulkStreamWindowChangeEvent: break
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func receive(_ settings: NIOHTTP2.HTTP2Settings) {
        let maxStreams = settings.last { $0.parameter == .maxConcurrentStreams }?.value
        switch self.machine.settings(maxStreams: maxStreams) {
        case .opened: self.endOpening(.success(.http2(self)))
        case .changed where self.limit == 0 && self.isIdle && self.machine.state == .open: self.close()
        case .changed: self.pool.limitChanged(on: self)
        }
    }

    private func receiveGoAway(last: HTTP2StreamID, _ code: NIOHTTP2.HTTP2ErrorCode) {
        let onDrain = self.machine.drain()
        self.endOpening(.failure(ChannelError.eof))
        self.pool.draining(self)
        if onDrain == .close { return self.close() }
        let refused = self.streams.values.filter { $0.id > last }.sorted { $0.id < $1.id }
        for stream in refused { self.streams[stream.id] = nil }
        for stream in refused {
            stream.lost(.refused, reason: "GOAWAY with \(code)")
            _ = self.machine.streamEnded()
        }
        if !refused.isEmpty { self.pool.streamEnded(on: self) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An error of one stream: the frame layer resets it and reports its end.
        if error is any NIOHTTP2Error, !self.hasSentGoAway { return }
        self.worker.tick()
        self.end(error, reason: "\(error)")
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.worker.tick()
        self.end(ChannelError.eof, reason: "connection closed")
        context.fireChannelInactive()
    }

    // MARK: The end

    /// Takes no more streams, and closes once the open ones have ended.
    func drain() { if self.machine.drain() == .close { self.close() } }

    func close() {
        if self.machine.state != .closed, !self.hasSentGoAway {
            let goAway = HTTP2Frame.FramePayload.goAway(lastStreamID: .rootStream, errorCode: .noError, opaqueData: nil)
            let frame = HTTP2Frame(streamID: .rootStream, payload: goAway)
            self.context?.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
        }
        self.end(ChannelError.eof, reason: "connection closed by the gateway")
    }

    private func end(_ error: any Error, reason: String) {
        guard self.machine.close() else { return }
        if let slot = self.slot { self.worker.deadlines.free(slot) }
        self.slot = nil
        // Close the channel before the pool may open a replacement, so that `max_connections` is never exceeded.
        if let context = self.context {
            if self.scheme == .https { context.closeSecureChannel() } else { context.close(promise: nil) }
        }
        self.endOpening(.failure(error))
        let streams = self.streams.values.sorted { $0.id < $1.id }
        self.streams = [:]
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

extension HTTP2UpstreamConnection: NIOHTTP2FrameDelegate {
    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .data(let data):
            guard let stream = self.streams[frame.streamID] else { return }
            if stream.sent(data.data.readableBytes, endsStream: data.endStream) { self.writable.append(stream) }
        case .headers(let headers) where headers.endStream:
            _ = self.streams[frame.streamID]?.sent(0, endsStream: true)
        case .goAway: self.hasSentGoAway = true
        default: break
        }
    }
}

@available(*, unavailable)
extension HTTP2UpstreamConnection: Sendable {}
