import NIOCore
import NIOSSL

/// Waits until the server has judged the client certificate, or the lack of one. With TLS 1.3 the handshake has ended here
/// by then. The server answers the end of the output with its own end, or with an alert.
final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let timeout: TimeAmount
    private var timer: Scheduled<Void>?
    /// Nil once it was called.
    private var done: ((Result<Void, any Error>) -> Void)?

    /// - Parameters:
    ///   - timeout: A server that has said nothing by then accepts the connection.
    ///   - done: Called once.
    init(within timeout: TimeAmount, _ done: @escaping (Result<Void, any Error>) -> Void) {
        self.timeout = timeout
        self.done = done
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: self.timeout) {
            self.end(.success(()), context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { self.end(.success(()), context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // Many servers omit `close_notify`.
        case NIOSSLError.uncleanShutdown: self.end(.success(()), context)
        default: self.end(.failure(error), context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { self.end(.success(()), context) }

    private func end(_ result: Result<Void, any Error>, _ context: ChannelHandlerContext) {
        guard let done = self.done else { return }
        self.done = nil
        self.timer?.cancel()
        context.closeSecureChannel()
        done(result)
    }
}

@available(*, unavailable)
extension RefusalHandler: Sendable {}
