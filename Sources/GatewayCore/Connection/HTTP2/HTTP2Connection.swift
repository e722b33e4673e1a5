import DequeModule
import GatewayHTTP
import GatewayHTTP2
package import NIOCore

/// A client's HTTP/2 connection (RFC 9113). It reads frames from the channel and starts an exchange for each stream.
///
/// This file handles the channel. `+Frames` acts on frames, `+Requests` on field blocks, `+Output` schedules what is
/// sent, `+Deadlines` keeps time, `+End` ends streams and the connection.
package final class HTTP2Connection: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    let worker: Worker
    package let listener: ListenerPlan
    let arrival: ClientArrival
    let limits: HTTP2Limits
    let output: ConnectionOutput
    private(set) var context: ChannelHandlerContext?

    enum Phase: Hashable {
        /// → settings, closing, closed
        case preface
        /// The first frame must be SETTINGS. → open, closing, closed
        case settings
        /// → closing, closed
        case open
        /// GOAWAY was sent and no stream is left. Input is dropped until the client closes. → closed
        case closing
        case closed
    }

    var phase = Phase.preface
    var input = ByteBuffer()
    private var isProcessing = false
    private var isReading = true
    private var isReleased = false
    /// Whether bytes of the client are being handled. Upstreams are then flushed once, at the end.
    private(set) var isReceiving = false
    var isInputClosed = false

    // MARK: Streams

    private(set) var streams: [UInt32: HTTP2Stream] = [:]
    var ledger = StreamLedger()
    var floods = FloodGuard()
    var requestsLeft: Int
    var drainState = DrainState.none
    /// Streams whose request bodies were received in this pass. Their upstreams are flushed at its end.
    var received: [HTTP2Stream] = []

    enum DrainState: Hashable {
        case none
        /// The client was told to open no more streams. Those on their way are still served.
        case announced
        /// Streams above the announced last one are ignored.
        case final(last: UInt32)
    }

    // MARK: Compression

    var decoder = FieldBlockDecoder()
    var encoder = FieldBlockEncoder()
    /// The field block whose CONTINUATION frames are awaited.
    var block: FieldBlock?

    // MARK: Flow control

    var peerSettings = PeerSettings()
    /// What the client still accepts.
    var sendWindow = FlowWindow.initial
    /// What the client may still send.
    var receiveWindow = FlowWindow.initial
    /// The part of the window to give back.
    var unreturned = 0
    /// Streams with data that their own windows allow to send.
    var ready = Deque<HTTP2Stream>()
    var isFlushScheduled = false
    var isPumping = false

    // MARK: Time

    var clock = HTTP2Clock()
    let deadlineSlot: DeadlineWheel.Slot

    /// - Parameter isTakenOver: Whether another handler has counted the connection before.
    init(_ arrival: ClientArrival, isTakenOver: Bool = false) {
        self.arrival = arrival
        self.worker = arrival.worker
        self.listener = arrival.listener
        self.limits = arrival.worker.settings.http2
        self.requestsLeft = arrival.listener.limits.requestsPerConnection
        self.output = ConnectionOutput(worker: arrival.worker, to: arrival.output)
        self.deadlineSlot = arrival.worker.deadlines.makeSlot()
        self.isTakenOver = isTakenOver
    }

    private let isTakenOver: Bool
    /// Nil until an upstream needs them.
    private var knownClients: AnnouncedClients?

    // MARK: The channel

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.output.attach(to: context)
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        self.worker.deadlines.own(self.deadlineSlot, self)
        self.clock.openedAt = self.worker.tick()
        self.clock.receivedAt = self.worker.now
        self.clock.idleSince = self.worker.now
        self.worker.opened(self)
        if self.arrival.isAdmitted, !self.isTakenOver { self.listener.connectionOpened() }
        if context.channel.isActive { self.channelActive(context: context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        self.writeSettings()
        if self.arrival.isAdmitted {
            self.arm()
            self.flushNow()
            context.read()
        } else {
            self.fail(HTTP2ConnectionError(.enhanceYourCalm, "too many connections"))
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.output.detach()
        self.worker.tick()
        self.phase = .closed
        self.abandonStreams()
        self.release()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.release()
        self.context = nil
    }

    private func release() {
        guard !self.isReleased else { return }
        self.isReleased = true
        self.worker.deadlines.free(self.deadlineSlot)
        self.worker.closed(self)
        if self.arrival.isAdmitted { self.listener.connectionClosed(isActive: !self.streams.isEmpty) }
        self.input = ByteBuffer()
        self.output.detach()
        self.knownClients?.leave()
    }

    /// The clients of the connection, for upstreams with `proxy_protocol`.
    var announcedClients: AnnouncedClients? {
        if let known = self.knownClients { return known }
        guard let context = self.context, !self.isReleased else { return nil }
        let clients = AnnouncedClients(of: context.channel, self.arrival.proxyHeader)
        self.knownClients = clients
        return clients
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.receive(self.unwrapInboundIn(data))
    }

    /// Handles bytes of the client.
    func receive(_ bytes: ByteBuffer) {
        self.isReceiving = true
        self.clock.receivedAt = self.worker.tick()
        self.clock.pingSentAt = nil
        if self.input.readableBytes == 0 { self.input = bytes } else { self.input.writeImmutableBuffer(bytes) }
        self.process()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        // The end of the input is reported without bytes. There is nothing new to flush then, and a flush that fails
        // would close the channel while NIO is closing its input.
        if self.isReceiving {
            self.isReceiving = false
            self.flushUpstreams()
            self.flushNow()
        }
        if self.isReading { context.read() }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        self.worker.tick()
        self.isInputClosed = true
        self.inputEnded()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.worker.tick()
        guard context.channel.isWritable else { return }
        self.pump()
        self.flushNow()
        for stream in Array(self.streams.values) { stream.tellWritable() }
        self.process()
        self.flushUpstreams()
        self.flushNow()
    }

    // MARK: A pass over the received bytes

    /// Whether the channel accepts output. A client that sends requests without reading responses gets no further ones.
    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    func process() {
        guard !self.isProcessing, let context = self.context else { return }
        self.isProcessing = true
        var mayContinue = true
        while mayContinue {
            switch self.phase {
            case .preface: mayContinue = self.readPreface()
            case .settings, .open: mayContinue = self.isWritable && self.readFrame()
            case .closing, .closed:
                self.input = ByteBuffer()
                mayContinue = false
            }
        }
        self.isProcessing = false
        if self.input.readableBytes == 0 { self.input = ByteBuffer() }
        let resumes = !self.isReading
        self.isReading = self.isWritable || self.phase == .closing
        if resumes, self.isReading { context.read() }
        self.arm()
    }

    private func readPreface() -> Bool {
        let isPreface = self.input.withUnsafeReadableBytes { ClientPreface.mayBegin($0) }
        guard isPreface else {
            self.fail(HTTP2ConnectionError(.protocolError, "preface"))
            return false
        }
        guard self.input.readableBytes >= ClientPreface.length else { return false }
        self.input.moveReaderIndex(forwardBy: ClientPreface.length)
        self.phase = .settings
        return true
    }

    /// Reads the next frame. Returns false if more bytes are needed.
    private func readFrame() -> Bool {
        guard let head = self.input.withUnsafeReadableBytes({ FrameHead($0) }) else { return false }
        do throws(HTTP2ConnectionError) {
            try self.check(head)
            guard self.input.readableBytes >= FrameHead.length + head.length else {
                let isBlock = head.type == .headers || head.type == .continuation
                if isBlock, self.clock.blockSince == nil { self.clock.blockSince = self.worker.now }
                return false
            }
            self.input.moveReaderIndex(forwardBy: FrameHead.length)
            guard let payload = self.input.readSlice(length: head.length) else { return false }
            try self.act(on: head, payload)
        } catch {
            self.fail(error)
            return false
        }
        return true
    }

    /// Checks a head before its payload has arrived.
    private func check(_ head: FrameHead) throws(HTTP2ConnectionError) {
        guard head.length <= self.limits.maxFrame else { throw HTTP2ConnectionError(.frameSize, "frame too long") }
        if self.phase == .settings {
            guard head.type == .settings, !head.flags.contains(.acknowledgement) else {
                throw HTTP2ConnectionError(.protocolError, "no SETTINGS after the preface")
            }
            self.phase = .open
        }
        if let block = self.block {
            guard head.type == .continuation, head.streamID == block.streamID else {
                throw HTTP2ConnectionError(.protocolError, "frame inside a field block")
            }
        }
    }

    func flushUpstreams() {
        guard !self.received.isEmpty else { return }
        let streams = self.received
        self.received.removeAll(keepingCapacity: true)
        for stream in streams {
            stream.isInReceived = false
            stream.exchange?.upstream?.flush()
        }
    }

    func add(_ stream: HTTP2Stream) {
        self.streams[stream.id] = stream
        if self.streams.count == 1 { self.activityChanged() }
    }

    func remove(_ stream: HTTP2Stream) {
        self.streams[stream.id] = nil
        if self.streams.isEmpty { self.activityChanged() }
    }

    /// Counts the connection as active or idle when its first stream opens or its last one ends.
    private func activityChanged() {
        let isActive = !self.streams.isEmpty
        self.clock.idleSince = isActive ? nil : self.worker.now
        if self.arrival.isAdmitted, !self.isReleased { self.listener.connectionChanged(isActive: isActive) }
        self.arm()
    }
}

@available(*, unavailable)
extension HTTP2Connection: Sendable {}
