import GatewayHTTP1
package import NIOCore

/// The bytes that a connection sends. Small pieces are collected in one buffer; large ones are passed on without a copy.
///
/// This is a class because a write can close the connection within the call, and closing calls back into this object.
package final class ConnectionOutput {
    /// Where a flushed buffer goes. The code that builds the channel chooses; see ``Transport``.
    package enum Destination {
        /// Straight to the socket while nothing is queued in the channel. The channel takes what the socket does not
        /// accept, and reports when there is room again. A write through the channel costs 2,800 instructions and sixty
        /// reference counts, a tenth of a request's CPU time.
        ///
        /// No other handler in the pipeline may change, delay or observe outbound bytes.
        case socket
        /// Through the pipeline, so that the handlers in front see every byte.
        case channel
    }

    /// Body pieces up to this size are copied next to the head, so that one system call sends both.
    private static let copied = 8 * 1024

    private static let full = 64 * 1024

    private let worker: Worker
    private let destination: Destination
    private var collected: ByteBuffer?
    /// The socket's; -1 without one, and always if bytes go through the pipeline.
    private var descriptor: CInt = -1
    private var mayBeQueued = false
    private var needsFlush = false

    package init(worker: Worker, to destination: Destination) {
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
    /// becomes inactive: the channel reports that within the call that closes the descriptor.
    func detach() {
        self.descriptor = -1
        self.collected = nil
    }

    /// Whether enough is collected that waiting for more saves nothing.
    package var isFull: Bool { (self.collected?.readableBytes ?? 0) >= Self.full }

    /// Adds what `write` appends, and returns the number of bytes.
    @discardableResult
    package func collect(_ write: (inout ByteBuffer) -> Void) -> Int {
        var buffer = self.collected ?? self.worker.takeBuffer()
        self.collected = nil
        let before = buffer.readableBytes
        write(&buffer)
        let added = buffer.readableBytes - before
        self.collected = buffer
        return added
    }

    /// Adds a piece of a body, as a chunk (RFC 9112 section 7.1) if the message is chunked.
    ///
    /// - Returns: The number of bytes, framing included.
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

    /// Sends what has been written.
    package func flush(_ context: ChannelHandlerContext) {
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

    /// Whether the channel may hold bytes that the socket has not accepted yet. Later bytes must then wait in the channel.
    func isQueued(_ context: ChannelHandlerContext) -> Bool {
        guard self.mayBeQueued else { return false }
        // Handlers in front may hold bytes that the channel does not know of.
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

    /// Sends as much as the socket accepts now. Returns false if the rest, or an error, is left for the channel.
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
