package import NIOCore

/// The log buffer of one event loop. It is passed to the writer when it is full or a tenth of a second old.
///
/// A line costs a copy into the buffer. No timer runs while nothing is logged.
package final class LogSink {
    /// The size of a buffer: some hundred lines, in one allocation that the allocator can reuse.
    private static let capacity = 64 << 10
    /// A buffer this full is passed on, so that the next line rarely makes it grow.
    private static let full = 60 << 10
    private static let maximumAge = TimeAmount.milliseconds(100)

    let writer: LogWriter
    private let loop: any EventLoop
    private var buffer = ByteBuffer()
    private var lines = 0
    private var isFlushScheduled = false

    init(writer: LogWriter, loop: any EventLoop) {
        self.writer = writer
        self.loop = loop
    }

    /// Appends the line that `body` writes, and a line feed.
    package func write(_ body: (inout ByteBuffer) -> Void) {
        if buffer.capacity == 0 { buffer = ByteBufferAllocator().buffer(capacity: Self.capacity) }
        body(&buffer)
        buffer.writeInteger(UInt8(0x0A))
        lines += 1
        if buffer.readableBytes >= Self.full {
            flush()
        } else if !isFlushScheduled {
            isFlushScheduled = true
            loop.assumeIsolated().scheduleTask(in: Self.maximumAge) {
                self.isFlushScheduled = false
                self.flush()
            }
        }
    }

    /// Passes the buffer to the writer.
    func flush() {
        guard lines > 0 else { return }
        writer.append(buffer, count: lines)
        buffer = ByteBuffer()
        lines = 0
    }
}

@available(*, unavailable)
extension LogSink: Sendable {}
