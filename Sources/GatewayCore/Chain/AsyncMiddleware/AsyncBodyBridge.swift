import DequeModule
import NIOCore

/// Connects a body pipeline to a task: the task reads the input of this transform and writes its output.
final class AsyncBodyBridge: PacedTransform {
    /// The number of input bytes that may wait for the task.
    private static let highWater = 64 * 1024

    /// Schedules a turn of the body's pipeline.
    private let wake: () -> Void

    private var input = Deque<ByteBuffer>()
    private var inputCount = 0
    private var isInputEnded = false
    private var reader: EventLoopPromise<ByteBuffer?>?

    private var output = ByteBuffer()
    private var isOutputEnded = false
    private var error: TransformError?
    private var writer: EventLoopPromise<Void>?
    private var isCancelled = false

    init(wake: @escaping () -> Void) { self.wake = wake }

    // MARK: The task's side

    func read(_ promise: EventLoopPromise<ByteBuffer?>) {
        guard !self.isCancelled, self.reader == nil else { return promise.fail(CancellationError()) }
        self.reader = promise
        let wasFull = !self.takesInput
        self.deliver()
        if wasFull, self.takesInput { self.wake() }
    }

    package func write(_ chunk: ByteBuffer, _ promise: EventLoopPromise<Void>) {
        guard !self.isCancelled, self.writer == nil else { return promise.fail(CancellationError()) }
        if self.output.readableBytes == 0 { self.output = chunk } else { self.output.writeImmutableBuffer(chunk) }
        self.writer = promise
        self.wake()
    }

    /// Called when the new body is complete or has failed.
    func finish(_ error: TransformError?) {
        guard !self.isCancelled, !self.isOutputEnded else { return }
        self.isOutputEnded = true
        self.error = error
        // The task does not read the rest of the input.
        self.input.removeAll()
        self.inputCount = 0
        self.wake()
    }

    private func deliver() {
        guard let reader = self.reader else { return }
        if let chunk = self.input.popFirst() {
            self.inputCount -= chunk.readableBytes
            self.reader = nil
            reader.succeed(chunk)
        } else if self.isInputEnded {
            self.reader = nil
            reader.succeed(nil)
        }
    }

    // MARK: The pipeline's side

    var rank: BodyRank { .rewrite }
    var takesInput: Bool { self.isOutputEnded || self.inputCount < Self.highWater }
    var hasOutput: Bool { self.output.readableBytes > 0 || self.error != nil }
    var isFinished: Bool { self.isOutputEnded && !self.hasOutput }

    package func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) {
        let taken = chunk
        chunk = ByteBuffer()
        guard !self.isOutputEnded else { return }
        self.input.append(taken)
        self.inputCount += taken.readableBytes
        self.deliver()
    }

    func end(to sink: inout BodySink) {
        self.isInputEnded = true
        self.deliver()
    }

    func drain(to sink: inout BodySink) throws(TransformError) {
        if self.output.readableBytes > 0 {
            sink.write(self.output)
            self.output = ByteBuffer()
        } else if let error = self.error {
            throw error
        }
        let writer = self.writer
        self.writer = nil
        writer?.succeed()
    }

    func cancel() {
        self.isCancelled = true
        self.output = ByteBuffer()
        self.input.removeAll()
        let (reader, writer) = (self.reader, self.writer)
        self.reader = nil
        self.writer = nil
        reader?.fail(CancellationError())
        writer?.fail(CancellationError())
    }
}
