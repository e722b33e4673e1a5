import GatewayHTTP1
import NIOCore

#if canImport(Glibc)
    import Glibc
    private let systemSend = Glibc.send
#elseif canImport(Musl)
    import Musl
    private let systemSend = Musl.send
#else
    import Darwin
    private let systemSend = Darwin.send
#endif

/// What a connection sends: small pieces are collected in one buffer, large ones passed on as they are.
///
/// Where nothing is queued in the channel, a buffer goes straight to the socket, and only what the socket does not take
/// goes through the channel, which waits for room and says so. The way through the channel costs 2,800 instructions and
/// sixty reference counts for each write, a tenth of a request's CPU time.
///
/// An object, since a write can close the connection within the call, and closing comes back here.
final class SocketOutput {
    /// Chunks up to here are copied beside the head, so that one system call takes both.
    private static let copied = 8 * 1024

    private static let full = 64 * 1024

    /// A peer that has gone is an error here, not a signal to the process.
    #if canImport(Darwin)
        private static let flags: CInt = 0
    #else
        private static let flags = CInt(MSG_NOSIGNAL)
    #endif

    private let worker: Worker
    private var collected: ByteBuffer?
    /// Of the socket; -1 where there is none, or something stands between it and the channel's end.
    private var descriptor: CInt = -1
    private var mayBeQueued = false
    private var needsFlush = false

    init(worker: Worker) { self.worker = worker }

    /// The connection's channel. Nothing else in its pipeline may change or delay outbound bytes.
    func attach(to context: ChannelHandlerContext) {
        let operations = context.pipeline.syncOperations
        let handle = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        self.descriptor = handle.flatMap { $0 } ?? -1
    }

    /// The channel is closed; its descriptor may be another connection's from now on. To be called first when the channel
    /// says that it is inactive, which it does within the call that closes its descriptor and before anything else.
    func detach() {
        self.descriptor = -1
        self.collected = nil
    }

    /// So much is collected that nothing is gained by waiting for more.
    var isFull: Bool { (self.collected?.readableBytes ?? 0) >= Self.full }

    /// Adds what `write` appends; returns how many bytes that were.
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

    /// Adds a piece of a body, as a chunk (RFC 9112 section 7.1) where the framing asks for it; returns how many bytes
    /// that makes.
    func write(_ piece: ByteBuffer, asChunk: Bool, to context: ChannelHandlerContext) -> Int {
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

    /// Sends what was written.
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

    /// Whether the channel holds bytes that the socket has not taken yet: others have to wait behind them.
    func isQueued(_ context: ChannelHandlerContext) -> Bool {
        guard self.mayBeQueued else { return false }
        let queued = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 1
        self.mayBeQueued = queued > 0
        return self.mayBeQueued
    }

    private func take() -> ByteBuffer? {
        guard let buffer = self.collected else { return nil }
        self.collected = nil
        return buffer
    }

    /// Sends as much as the socket takes at once; false where something is left for the channel, be it the error.
    private func send(_ buffer: inout ByteBuffer) -> Bool {
        guard self.descriptor >= 0 else { return false }
        let descriptor = self.descriptor
        let sent = buffer.withUnsafeReadableBytes { bytes in
            systemSend(descriptor, bytes.baseAddress, bytes.count, Self.flags)
        }
        guard sent > 0 else { return false }
        buffer.moveReaderIndex(forwardBy: sent)
        return buffer.readableBytes == 0
    }
}

@available(*, unavailable)
extension SocketOutput: Sendable {}
