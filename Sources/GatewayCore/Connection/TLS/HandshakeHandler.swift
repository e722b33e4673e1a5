import GatewayTLS
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Stands between the socket and the TLS library while a client's handshake lasts. It reads the ClientHello before the
/// library does, and the ServerHello on its way out. When the handshake is complete, it adds the handler of the protocol
/// that was negotiated, and leaves the pipeline.
///
/// `HandshakeStateMachine` decides; this is its shell.
final class HandshakeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long the client has to read why the handshake failed.
    private static let lingerTime = TimeAmount.seconds(1)
    /// How long a handshake may still take when the gateway drains.
    private static let drainGrace = TimeAmount.seconds(1)

    private let arrival: ClientArrival
    private let worker: Worker
    private let security: ServerTLS
    private let startedAt: NIODeadline
    private let deadlineSlot: DeadlineWheel.Slot
    private var machine: HandshakeStateMachine
    private var library: NIOSSLServerHandler?
    private var received = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var isLingering = false
    /// Whether another handler has the connection, and counts it.
    private var isHandedOver = false
    private var isReleased = false

    /// - Parameter arrival: The connection. If it is not admitted, it is closed before it costs anything.
    init(_ security: ServerTLS, _ arrival: ClientArrival) {
        self.arrival = arrival
        self.worker = arrival.worker
        self.security = security
        self.startedAt = arrival.worker.tick()
        self.deadlineSlot = arrival.worker.deadlines.makeSlot()
        self.machine = HandshakeStateMachine(
            protocols: security.settings.sessions.protocols,
            isStrict: security.settings.isStrict
        )
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // The library does not ask for what it needs.
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        self.worker.deadlines.own(self.deadlineSlot, self)
        self.wait(until: self.startedAt + self.security.settings.handshakeTimeout)
        if self.arrival.isAdmitted { self.listener.handshakeBegan() }
        self.worker.opened(self)
        if context.channel.isActive { self.channelActive(context: context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        guard self.arrival.isAdmitted else { return self.fail("there are too many connections") }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.ended(.failed, because: "the client closed the connection")
        self.release()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.release()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.worker.tick()
        guard self.machine.isReadingHello else {
            // What follows a failure is of no interest.
            if !self.isLingering { context.fireChannelRead(data) }
            return
        }
        var bytes = self.unwrapInboundIn(data)
        let action = self.machine.received(bytes.readableBytesView, certificates: self.security.certificates.table)
        self.received.writeBuffer(&bytes)
        switch action {
        case .wait: break
        case .negotiate: self.negotiate(context)
        case .refuse(let alert): self.refuse(alert, context)
        case .answerPlainly: self.answerPlainly(context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event, self.isLingering || self.machine.isReadingHello else {
            return context.fireUserInboundEventTriggered(event)
        }
        self.fail("the client closed the connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.fail("\(error)") }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if self.machine.readsOutput { self.machine.sent(self.unwrapOutboundIn(data).readableBytesView) }
        context.write(data, promise: promise)
    }

    /// Called by the library, when a handshake fails: the client must be able to read the alert.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, !self.isLingering, context.channel.isActive else {
            return context.close(mode: mode, promise: promise)
        }
        promise?.succeed()
        self.linger(context)
    }

    // MARK: The handshake

    private func negotiate(_ context: ChannelHandlerContext) {
        let library = self.security.makeHandler()
        self.library = library
        let operations = context.pipeline.syncOperations
        do {
            try operations.addHandler(library, position: .after(self))
            try operations.addHandler(HandshakeEndHandler(of: self), position: .after(library))
        } catch {
            return self.fail("\(error)")
        }
        let bytes = self.received
        self.received = ByteBuffer()
        context.fireChannelRead(self.wrapInboundOut(bytes))
    }

    /// Serves the connection: the handshake is complete.
    ///
    /// - Parameter end: The handler that the one of the negotiated protocol replaces.
    func completed(protocol token: String?, replacing end: ChannelHandlerContext) {
        guard let certificate = self.machine.certificate, let context = self.context else { return }
        self.worker.tick()
        let version: TLSVersionName = self.library?.tlsVersion == .tlsv13 ? .tls13 : .tls12
        let session = TLSSession(
            version: version,
            cipher: self.machine.choice?.cipher ?? TLSCipherName(rawValue: 0),
            serverName: self.machine.serverName,
            isResumed: self.machine.choice?.isResumed ?? false,
            clientCertificate: self.library?.peerCertificate.flatMap { try? $0.toDERBytes() }.map {
                ClientCertificate($0)
            },
            certificate: certificate,
            isStrict: self.security.settings.isStrict
        )
        self.ended(session.isResumed ? .resumed : .ok)
        let handler = ClientProtocol(alpn: token).makeHandler(for: self.arrival.secured(by: session))
        self.handOver(to: handler, context)
        end.pipeline.syncOperations.removeHandler(context: end, promise: nil)
    }

    /// Puts a handler in the place of this one, which leaves the pipeline.
    private func handOver(to handler: any ChannelHandler, _ context: ChannelHandlerContext) {
        self.listener.handshakeSucceeded()
        self.isHandedOver = true
        do { try context.pipeline.syncOperations.addHandler(handler) } catch { context.close(promise: nil) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    // MARK: Failures

    /// Records the end of a handshake.
    func ended(_ result: HandshakeResult, because reason: @autoclosure () -> String? = nil) {
        guard self.machine.end() else { return }
        self.listener.handshakes.count(self.machine.choice?.version, result)
        guard result == .failed || result == .timeout else { return }
        self.worker.log.debug(
            "TLS handshake failed",
            metadata: [
                "listener": "\(self.listener.label)", "client": "\(self.arrival.peer)",
                "reason": "\(reason() ?? "\(result)")",
            ]
        )
    }

    private func fail(_ reason: String) {
        self.ended(.failed, because: reason)
        self.isLingering = true
        self.context?.close(promise: nil)
    }

    private func refuse(_ alert: TLSAlert, _ context: ChannelHandlerContext) {
        self.listener.handshakes.count(nil, .failed)
        self.worker.log.debug(
            "TLS handshake refused",
            metadata: ["listener": "\(self.listener.label)", "client": "\(self.arrival.peer)", "alert": "\(alert)"]
        )
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: alert.record)), promise: nil)
        self.linger(context)
    }

    /// Ends the output, and waits for the client to close too. Closing at once would reset the connection if bytes of the
    /// client are on their way, and the reset could overtake the alert.
    private func linger(_ context: ChannelHandlerContext) {
        self.isLingering = true
        self.received = ByteBuffer()
        context.close(mode: .output, promise: nil)
        self.wait(until: self.worker.tick() + Self.lingerTime)
    }

    private func answerPlainly(_ context: ChannelHandlerContext) {
        self.listener.handshakes.count(nil, .failed)
        let connection = ConnectionHandler(self.arrival)
        self.handOver(to: connection, context)
        connection.refusePlainHTTP(self.received)
    }

    private func release() {
        guard !self.isReleased else { return }
        self.isReleased = true
        self.worker.deadlines.free(self.deadlineSlot)
        self.worker.closed(self)
        if self.arrival.isAdmitted, !self.isHandedOver { self.listener.handshakeFailed() }
    }
}

extension HandshakeHandler: DeadlineOwner {
    private func wait(until deadline: NIODeadline) { self.worker.deadlines.set(self.deadlineSlot, to: deadline) }

    func deadlineReached(now: NIODeadline) {
        self.ended(.timeout)
        self.fail("")
    }
}

extension HandshakeHandler: ClientConnection {
    var listener: ListenerPlan { self.arrival.listener }
    var idleSince: NIODeadline? { self.startedAt }

    func drain() {
        let end = self.startedAt + self.security.settings.handshakeTimeout
        self.wait(until: min(end, self.worker.tick() + Self.drainGrace))
    }

    func drainCancelled() {
        if !self.isLingering { self.wait(until: self.startedAt + self.security.settings.handshakeTimeout) }
    }

    func limitsChanged(from old: ConnectionLimits) {}
    func close() { self.fail("the connection was closed") }

    func drainTimeIsUp() -> Bool {
        self.close()
        return false
    }
}

@available(*, unavailable)
extension HandshakeHandler: Sendable {}

/// Hears from the TLS library how the handshake ended.
private final class HandshakeEndHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let handshake: HandshakeHandler

    init(of handshake: HandshakeHandler) { self.handshake = handshake }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted(let token) = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        self.handshake.completed(protocol: token, replacing: context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.handshake.ended(.failed, because: "\(error)")
    }
}
