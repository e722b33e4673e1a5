import GatewayHTTP1
import NIOCore

/// The output of a connection. Small pieces are collected in one buffer; large ones are passed on without a copy.
///
/// This is a class because a write can close the connection before it returns, which calls back into this object.
final class ConnectionOutput {
    /// Where flushed bytes go. The code that builds the channel chooses; see `Transport`.
    enum Destination {
        /// Directly to the socket while nothing is queued in the channel. The channel receives what the socket does
        /// not accept, and reports when there is room again. A write through the channel costs 2,800 instructions and
        /// sixty reference counting operations, a tenth of a request's CPU time.
        ///
        /// No other handler in the pipeline may change, delay or observe outbound bytes.
        case socket
        /// Through the pipeline, so that the handlers between this one and the socket see every byte.
        case channel
    }

    /// Body pieces up to this size are copied next to the head, so that one system call sends both.
    private static let copied = 8 * 1024

    private static let full = 64 * 1024

    private let worker: Worker
    private let destination: Destination
    private var collected: ByteBuffer?
    /// The socket's descriptor. -1 if there is none, or if bytes go through the pipeline.
    private var descriptor: CInt = -1
    private var mayBeQueued = false
    private var needsFlush = false

    init(worker: Worker, to destination: Destination) {
        self.worker = worker
        self.destination = destination
    }

    /// Sets the channel to send on. Call it when the connection's handler is added.
    func attach(to context: ChannelHandlerContext) {
        guard self.destination == .socket else { return }
        let operations = context.pipeline.syncOperations
        let handle = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        self.descriptor = handle.flatMap { $0 } ?? -1
    }

    /// Stops using the descriptor, which may belong to another connection from now on. Call it first when the channel
    /// becomes inactive, because the channel reports that from within the call that closes the descriptor.
    func detach() {
        self.descriptor = -1
        self.collected = nil
    }

    /// Whether enough bytes are collected that waiting for more saves nothing.
    var isFull: Bool { (self.collected?.readableBytes ?? 0) >= Self.full }

    /// Collects the bytes that `write` appends, and returns their number.
    @discardableResult
    func collect(_ write: (inout ByteBuffer) -> Void) -> Int {
        var buffer = self.collected ?? self.worker.takeBuffer()
        self.collected = nil
        let before = buffer.readableBytes
        write(&buffer)
        let added = buffer.readableBytes - before
        self.collected = buffer
        return added
    }

    /// Writes a piece of a body, as a chunk if the message is chunked (RFC 9112 section 7.1).
    ///
    /// - Returns: The number of bytes, including framing.
    package func write(_ piece: ByteBuffer, asChunk: Bool, to context: ChannelHandlerContext) -> Int {
        let count = piece.readableBytes
        guard count > Self.copied else {
            return self.collect { buffer in
                if asChunk { buffer.writeChunkSize(count) }
                buffer.writeImmutableBuffer(piece)
                if asChunk { buffer.writeLineEnd() }
            }
        }
        var added = count
        if asChunk { added += self.collect { $0.writeChunkSize(count) } }
        if let buffer = self.take() { context.write(NIOAny(buffer), promise: nil) }
        context.write(NIOAny(piece), promise: nil)
        self.mayBeQueued = true
        self.needsFlush = true
        if asChunk { added += self.collect { $0.writeLineEnd() } }
        return added
    }

    /// Sends the bytes written so far.
    func flush(_ context: ChannelHandlerContext) {
        guard var buffer = self.take() else {
            if self.needsFlush {
                self.needsFlush = false
                context.flush()
            }
            return
        }
        if self.isQueued(context) || !self.send(&buffer) {
            self.needsFlush = false
            self.mayBeQueued = true
            context.writeAndFlush(NIOAny(buffer), promise: nil)
        }
        self.worker.giveBack(buffer)
    }

    /// Returns whether the channel may hold bytes that the socket has not accepted. Later bytes must then go through
    /// the channel.
    func isQueued(_ context: ChannelHandlerContext) -> Bool {
        guard self.mayBeQueued else { return false }
        // Handlers between this one and the socket may hold bytes that the channel does not know of.
        guard self.destination == .socket else { return true }
        let queued = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 1
        self.mayBeQueued = queued > 0
        return self.mayBeQueued
    }

    private func take() -> ByteBuffer? {
        guard let buffer = self.collected else { return nil }
        self.collected = nil
        return buffer
    }

    /// Sends as many bytes as the socket accepts now. Returns false if the channel must handle the rest, or an error.
    private func send(_ buffer: inout ByteBuffer) -> Bool {
        guard self.descriptor >= 0 else { return false }
        let descriptor = self.descriptor
        let sent = buffer.withUnsafeReadableBytes { Platform.send($0, to: descriptor) }
        guard sent > 0 else { return false }
        buffer.moveReaderIndex(forwardBy: sent)
        return buffer.readableBytes == 0
    }
}

@available(*, unavailable)
extension ConnectionOutput: Sendable {}
