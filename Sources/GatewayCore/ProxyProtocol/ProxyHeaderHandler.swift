import Logging
import NIOCore

/// How the wait for a PROXY header ended.
enum ProxyHeaderResult: String {
    case ok
    /// The header does not name a client: `LOCAL`, `UNKNOWN`, or a family other than IPv4 and IPv6.
    case local
    case malformed
    case timeout
    /// The connection closed first.
    case closed
}

/// Reads the PROXY header at the start of a connection from a trusted proxy, in front of TLS. Then it adds the handlers
/// that serve the connection, and removes itself.
///
/// Until then the connection counts as an idle one.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// How long the header may take during a drain, when its request may be on its way.
    private static let drainGrace = TimeAmount.seconds(1)

    private let worker: Worker
    package let listener: ListenerPlan
    /// The address of the socket.
    private let peer: ClientAddress
    /// Adds the handlers that serve the connection.
    private let serve: (ClientAddress, ProxyHeader?) throws -> Void
    private let slot: DeadlineWheel.Slot
    private let openedAt: NIODeadline
    private let deadline: NIODeadline
    private var parser = ProxyHeaderParser()
    private var context: ChannelHandlerContext?
    private var isWaiting = true

    init(
        worker: Worker,
        listener: ListenerPlan,
        peer: ClientAddress,
        serve: @escaping (ClientAddress, ProxyHeader?) throws -> Void
    ) {
        self.worker = worker
        self.listener = listener
        self.peer = peer
        self.serve = serve
        self.slot = worker.deadlines.makeSlot()
        self.openedAt = worker.tick()
        self.deadline = self.openedAt + listener.limits.headerTimeout
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        self.worker.deadlines.own(self.slot, self)
        self.worker.deadlines.set(self.slot, to: self.deadline)
        self.listener.proxyHeaderAwaited()
        self.worker.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.end(.closed)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.isWaiting else { return context.fireChannelRead(data) }
        self.worker.tick()
        var bytes = self.unwrapInboundIn(data)
        do throws(MalformedProxyHeader) {
            guard let header = try self.parser.read(&bytes) else { return }
            self.received(header, before: bytes, context)
        } catch {
            self.refuse(.malformed, error.reason.rawValue)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.isWaiting { context.read() } else { context.fireChannelReadComplete() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard self.isWaiting, case ChannelEvent.inputClosed = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.worker.tick()
        self.end(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.isWaiting { context.close(promise: nil) } else { context.fireErrorCaught(error) }
    }

    // MARK: The header

    private func received(_ header: ProxyHeader, before rest: ByteBuffer, _ context: ChannelHandlerContext) {
        let peer = header.source.map { ClientAddress($0.ip) } ?? self.peer
        do {
            // The next handler counts the connection before this one stops to, so that a drain does not end between.
            try self.serve(peer, header)
        } catch {
            return self.refuse(.closed, "\(error)")
        }
        self.end(header.source == nil ? .local : .ok)
        if rest.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(rest)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func refuse(_ result: ProxyHeaderResult, _ reason: String) {
        self.worker.log.debug(
            "closed a connection without a valid PROXY header",
            metadata: ["peer": "\(self.peer)", "listener": "\(self.listener.label)", "reason": "\(reason)"]
        )
        self.end(result)
        self.context?.close(promise: nil)
    }

    /// Stops waiting. Has no effect if the wait has ended.
    private func end(_ result: ProxyHeaderResult) {
        guard self.isWaiting else { return }
        self.isWaiting = false
        self.worker.deadlines.free(self.slot)
        self.listener.proxyHeaderEnded(result)
        self.worker.closed(self)
    }
}

extension ProxyHeaderHandler: DeadlineOwner {
    func deadlineReached(now: NIODeadline) {
        self.worker.tick()
        self.refuse(.timeout, "it did not arrive in time")
    }
}

extension ProxyHeaderHandler: ClientConnection {
    package var idleSince: NIODeadline? { self.openedAt }

    package func drain() {
        let limit = self.worker.tick() + Self.drainGrace
        self.worker.deadlines.set(self.slot, to: min(self.deadline, limit))
    }

    package func drainCancelled() { self.worker.deadlines.set(self.slot, to: self.deadline) }

    package func drainTimeIsUp() -> Bool {
        self.context?.close(promise: nil)
        return false
    }

    /// The header has the limits that applied when the connection opened.
    package func limitsChanged(from old: ConnectionLimits) {}

    package func close() { self.context?.close(promise: nil) }
}

@available(*, unavailable)
extension ProxyHeaderHandler: Sendable {}
