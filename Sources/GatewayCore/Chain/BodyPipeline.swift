package import NIOCore

/// The transforms of one body and the data that waits between them. Each turn runs every transform once. The driver
/// runs further turns while ``hasWork`` is true.
package final class BodyPipeline {
    private struct Step {
        let transform: any BodyTransform
        /// The transform, if it is paced.
        let paced: (any PacedTransform)?
        var input = ByteBuffer()
        /// Whether the transform was notified of the end of its input.
        var isInputEnded = false
        /// Whether all output of the transform has been passed on.
        var isEnded = false

        init(_ transform: any BodyTransform) {
            self.transform = transform
            self.paced = transform as? any PacedTransform
        }
    }

    /// The number of bytes waiting for a step at which the steps before it stop.
    private static let highWater = 64 * 1024

    private var steps: [Step] = []
    private var isEnding = false

    /// Inserts a transform by rank, after those of the same rank.
    func insert(_ transform: any BodyTransform) {
        let place = self.steps.firstIndex { $0.transform.rank > transform.rank } ?? self.steps.endIndex
        self.steps.insert(Step(transform), at: place)
    }

    /// Whether a transform applies a content coding.
    package var encodes: Bool { self.steps.contains { $0.transform.rank == .encode } }

    /// Whether nothing but one transform changes the body.
    package var hasOneTransform: Bool { self.steps.count == 1 }

    /// Adds a chunk, which the next turn processes.
    package func write(_ chunk: ByteBuffer) { Self.append(chunk, to: &self.steps[0].input) }

    /// Marks the end of the input.
    func end() { self.isEnding = true }

    /// Whether the whole body has been output.
    var isFinished: Bool { self.steps[self.steps.count - 1].isEnded }

    /// Whether another turn would make progress.
    var hasWork: Bool { self.steps.indices.contains { self.canWork($0) } }

    /// Whether a paced step does not accept its waiting input.
    var isFull: Bool { self.steps.contains { $0.input.readableBytes > 0 && $0.paced?.takesInput == false } }

    private func canWork(_ index: Int) -> Bool {
        let step = self.steps[index]
        if step.input.readableBytes > 0 { return step.paced?.takesInput ?? true || step.paced?.hasOutput ?? false }
        if step.paced?.hasOutput ?? false { return true }
        guard !step.isEnded, self.isEnding, index == 0 || self.steps[index - 1].isEnded else { return false }
        return !step.isInputEnded || step.paced?.isFinished ?? true
    }

    /// Runs every step once and returns the output of the last.
    func turn() throws(TransformError) -> ByteBuffer {
        var output = ByteBuffer()
        for index in self.steps.indices where !self.isBlocked(index) {
            var sink = BodySink()
            let before = self.steps[index].input.readableBytes
            if before > 0, self.steps[index].paced?.takesInput ?? true {
                try self.steps[index].transform.write(&self.steps[index].input, to: &sink)
                if self.steps[index].input.readableBytes == before, sink.buffer.readableBytes == 0 {
                    throw TransformError("a body transform makes no progress")
                }
            }
            if self.steps[index].input.readableBytes == 0 {
                self.steps[index].input = ByteBuffer()
                if self.isEnding, index == 0 || self.steps[index - 1].isEnded, !self.steps[index].isInputEnded {
                    try self.steps[index].transform.end(to: &sink)
                    self.steps[index].isInputEnded = true
                }
            }
            if let paced = self.steps[index].paced { try paced.drain(to: &sink) }
            self.steps[index].isEnded = self.steps[index].isInputEnded && self.steps[index].paced?.isFinished ?? true
            self.pass(sink, from: index, to: &output)
        }
        return output
    }

    /// Makes every step write out its held data, because no more input is available for now. Returns the output of
    /// the last step.
    func pause() throws(TransformError) -> ByteBuffer {
        var output = ByteBuffer()
        for index in self.steps.indices where !self.steps[index].isEnded && !self.isBlocked(index) {
            var sink = BodySink()
            if self.steps[index].input.readableBytes > 0, self.steps[index].paced?.takesInput ?? true {
                try self.steps[index].transform.write(&self.steps[index].input, to: &sink)
            }
            if self.steps[index].input.readableBytes == 0 { try self.steps[index].transform.pause(to: &sink) }
            self.pass(sink, from: index, to: &output)
        }
        return output
    }

    /// Cancels the transforms, because the body is incomplete.
    func cancel() {
        for step in self.steps where !step.isInputEnded || !step.isEnded { step.transform.cancel() }
        self.steps.removeAll()
    }

    private func isBlocked(_ index: Int) -> Bool {
        index + 1 < self.steps.count && self.steps[index + 1].input.readableBytes >= Self.highWater
    }

    private func pass(_ sink: BodySink, from index: Int, to output: inout ByteBuffer) {
        if index + 1 < self.steps.count {
            Self.append(sink.buffer, to: &self.steps[index + 1].input)
        } else {
            Self.append(sink.buffer, to: &output)
        }
    }

    private static func append(_ chunk: ByteBuffer, to buffer: inout ByteBuffer) {
        if buffer.readableBytes == 0 { buffer = chunk } else { buffer.writeImmutableBuffer(chunk) }
    }
}
