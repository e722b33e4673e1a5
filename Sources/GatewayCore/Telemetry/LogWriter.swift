package import NIOCore
import NIOPosix
import Synchronization

/// Writes log lines on a separate thread, so that a slow disk does not block an event loop.
///
/// Lines wait in a bounded queue. Lines that do not fit, or that the destination rejects, are dropped and counted.
package final class LogWriter: Sendable {
    /// Lines that were dropped since the start.
    package let droppedLines: SharedMeter

    private let limit: Int
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let queue = Mutex(Queue())
    /// Only used by the writing thread; the lock is never contended.
    private let output: Mutex<LogOutput>
    private let sinkFlushes = Mutex<[@Sendable () -> EventLoopFuture<Void>]>([])

    private struct Queue {
        var items: [Item] = []
        /// Bytes that are queued or being written.
        var bytes = 0
        /// The thread was signaled and has not yet found the queue empty.
        var isDraining = false
        var isClosed = false
    }

    private enum Item {
        case lines(ByteBuffer, count: Int)
        case reopen(@Sendable (LogDestinationError?) -> Void)
        case marker(@Sendable () -> Void)
    }

    /// Opens the destination.
    /// - Parameters:
    ///   - limit: the maximum number of queued bytes.
    ///   - droppedLines: counts dropped lines, with those of the writer that this one replaces.
    package init(
        _ destination: LogDestination,
        limit: Int = 8 << 20,
        droppedLines: SharedMeter = SharedMeter()
    ) throws(LogDestinationError) {
        self.limit = limit
        self.droppedLines = droppedLines
        output = Mutex(try LogOutput(destination))
        thread.start()
    }

    deinit {
        thread.shutdownGracefully { _ in }
        output.withLock { $0.close() }
    }

    /// Creates the sink of one event loop. Called on that loop.
    func makeSink(on loop: any EventLoop) -> LogSink {
        let sink = LogSink(writer: self, loop: loop)
        let bound = NIOLoopBound(sink, eventLoop: loop)
        sinkFlushes.withLock { $0.append { loop.submit { bound.value.flush() } } }
        return sink
    }

    /// Enqueues whole lines with their line feeds, from any thread. Never waits for the destination.
    package func append(_ lines: ByteBuffer, count: Int) {
        if !enqueue(.lines(lines, count: count), bytes: lines.readableBytes) { droppedLines.add(Double(count)) }
    }

    /// Reopens the file after everything appended so far, for log rotation.
    /// - Throws: why it could not be opened; the old file stays in use then.
    package func reopen() async throws(LogDestinationError) {
        let failure = await withCheckedContinuation { continuation in
            if !enqueue(.reopen { continuation.resume(returning: $0) }) { continuation.resume(returning: nil) }
        }
        if let failure { throw failure }
    }

    /// Waits until the lines of all sinks are written or rejected, at most for `timeout`. Returns whether they are.
    ///
    /// The event loops of the sinks must be running.
    @discardableResult
    package func flush(within timeout: TimeAmount) async -> Bool {
        await withCheckedContinuation { continuation in
            let wait = LogFlushWait(continuation)
            let timer = Task {
                try? await Task.sleep(nanoseconds: UInt64(max(timeout.nanoseconds, 0)))
                wait.end(flushed: false)
            }
            Task {
                for flush in sinkFlushes.withLock({ $0 }) { try? await flush().get() }
                let end: @Sendable () -> Void = {
                    wait.end(flushed: true)
                    timer.cancel()
                }
                if !enqueue(.marker(end)) { end() }
            }
        }
    }

    /// Flushes for at most `timeout`, then rejects further lines and ends the thread. Returns whether everything was
    /// written.
    @discardableResult
    package func close(within timeout: TimeAmount) async -> Bool {
        let flushed = await flush(within: timeout)
        queue.withLock { $0.isClosed = true }
        sinkFlushes.withLock { $0 = [] }
        // Does not wait for a thread that is blocked in a write.
        thread.shutdownGracefully { _ in }
        return flushed
    }

    private func enqueue(_ item: Item, bytes: Int = 0) -> Bool {
        enum Admission { case refused, queued, wake }
        let admission = queue.withLock { queue -> Admission in
            guard !queue.isClosed, bytes == 0 || queue.bytes + bytes <= limit else { return .refused }
            queue.items.append(item)
            queue.bytes += bytes
            defer { queue.isDraining = true }
            return queue.isDraining ? .queued : .wake
        }
        if admission == .wake {
            thread.submit { [self] _ in drain() }
        }
        return admission != .refused
    }

    private func drain() {
        while true {
            let items = queue.withLock { queue in
                let items = queue.items
                queue.items = []
                queue.isDraining = !items.isEmpty
                return items
            }
            if items.isEmpty { return }
            for item in items { perform(item) }
        }
    }

    private func perform(_ item: Item) {
        switch item {
        case .lines(let lines, let count):
            let dropped = output.withLock { $0.write(lines, count: count) }
            if dropped > 0 { droppedLines.add(Double(dropped)) }
            queue.withLock { $0.bytes -= lines.readableBytes }
        case .reopen(let done):
            done(output.withLock { $0.reopen() })
        case .marker(let done):
            done()
        }
    }
}

/// Resumes a continuation once: when the lines are written, or at the timeout.
private final class LogFlushWait: Sendable {
    private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

    init(_ continuation: CheckedContinuation<Bool, Never>) {
        self.continuation = Mutex(continuation)
    }

    func end(flushed: Bool) {
        continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }?.resume(returning: flushed)
    }
}
