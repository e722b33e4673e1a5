import NIOCore

/// Writes the PROXY header of a connection to an upstream in front of everything else, TLS included, and removes itself.
///
/// The handler of the connection may write before it hears that the channel is active.
final class ProxyHeaderWriter: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Nil once it was written.
    private var header: ByteBuffer?

    init(_ header: ByteBuffer) { self.header = header }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if let header = self.header {
            self.header = nil
            context.write(self.wrapOutboundOut(header), promise: nil)
        }
        context.write(data, promise: promise)
    }

    func channelActive(context: ChannelHandlerContext) {
        if let header = self.header {
            self.header = nil
            context.writeAndFlush(self.wrapOutboundOut(header), promise: nil)
        }
        context.fireChannelActive()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

@available(*, unavailable)
extension ProxyHeaderWriter: Sendable {}
