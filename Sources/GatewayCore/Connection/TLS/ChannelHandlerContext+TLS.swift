import NIOCore
import NIOSSL

extension ChannelHandlerContext {
    /// Closes the connection without TLS's close_notify, which would tell the client that it has received everything.
    func closeWithoutNotice() {
        let library = try? self.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        (library ?? self).close(promise: nil)
    }
}
