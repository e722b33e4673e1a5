import GatewayTLS
import NIOCore
import NIOSSL
import NIOTLS

/// Waits for the end of the handshake on a connection to a target, verifies the name of the target, and leaves the pipeline
/// to the handler of the protocol that was negotiated.
final class UpstreamHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let security: TargetSecurity
    private let timeout: TimeAmount
    private let begun: NIODeadline
    private var timer: Scheduled<Void>?
    /// Nil once it was called.
    private var done: ((Result<String?, any Error>) -> Void)?

    /// - Parameters:
    ///   - timeout: How long the connection and the handshake may take together.
    ///   - begun: When the connection began.
    ///   - done: Called once with the ALPN token, if there is one. By then the handler of the connection must be added:
    ///     bytes may follow at once.
    init(
        _ security: TargetSecurity,
        timeout: TimeAmount,
        since begun: NIODeadline,
        _ done: @escaping (Result<String?, any Error>) -> Void
    ) {
        self.security = security
        self.timeout = timeout
        self.begun = begun
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) {
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: self.begun + self.timeout) {
            self.fail(ChannelError.connectTimeout(self.timeout), context)
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted(let negotiated) = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        do throws(TLSFailure) {
            try self.security.verify(try? context.pipeline.syncOperations.nioSSL_peerCertificate())
        } catch {
            return self.fail(error, context)
        }
        self.end(.success(negotiated))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
        let now = Int(Platform.unixMilliseconds() / 1000)
        self.fail(TLSFailure(error, certificate: certificate, at: now), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.end(.failure(TLSFailure("the server closed the connection during the handshake")))
        context.fireChannelInactive()
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        let done = self.done
        self.done = nil
        // Close the channel before the pool may open a replacement, so that `max_connections` is never exceeded.
        context.closeSecureChannel()
        self.done = done
        self.end(.failure(error))
    }

    private func end(_ result: Result<String?, any Error>) {
        self.timer?.cancel()
        self.timer = nil
        let done = self.done
        self.done = nil
        done?(result)
    }
}

@available(*, unavailable)
extension UpstreamHandshakeHandler: Sendable {}

extension ChannelHandlerContext {
    /// Closes the connection. The server receives `close_notify`, but its answer is not awaited.
    func closeSecureChannel() {
        self.close(promise: nil)
        guard let tls = try? self.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self) else { return }
        tls.close(promise: nil)
    }
}
