package import NIOCore

/// The transforms that one body goes through, and what waits between them. It does as much in a turn as each transform
/// takes at once; whoever drives it gives it further turns while ``hasWork`` holds.
package final class BodyPipeline {
    private struct Step {
        package let transform: any BodyTransform
        /// The same, where it is one.
        let paced: (any PacedTransform)?
        package var input = ByteBuffer()
        /// It was told of the end.
        var isInputEnded = false
        /// All that it makes has come out.
        package var isEnded = false

        package init(_ transform: any BodyTransform) {
            self.transform = transform
            self.paced = transform as? any PacedTransform
        }
    }

    /// A step with so much before it stops the steps above.
    private static let highWater = 64 * 1024

    private var steps: [Step] = []
    private var isEnding = false

    /// By rank, and behind those of the same.
    package func insert(_ transform: any BodyTransform) {
        let place = self.steps.firstIndex { $0.transform.rank > transform.rank } ?? self.steps.endIndex
        self.steps.insert(Step(transform), at: place)
    }

    /// What leaves it has a content coding that what enters it has not.
    package var encodes: Bool { self.steps.contains { $0.transform.rank == .encode } }

    /// Takes a chunk; it is worked on in the next turn.
    package func write(_ chunk: ByteBuffer) { Self.append(chunk, to: &self.steps[0].input) }

    /// No further chunk will come.
    package func end() { self.isEnding = true }

    /// The body has left whole.
    var isFinished: Bool { self.steps[self.steps.count - 1].isEnded }

    /// A further turn would do something.
    var hasWork: Bool { self.steps.indices.contains { self.canWork($0) } }

    /// A step has no room for what waits before it, and does not say when it will.
    package var isFull: Bool { self.steps.contains { $0.input.readableBytes > 0 && $0.paced?.takesInput == false } }

    private func canWork(_ index: Int) -> Bool {
        let step = self.steps[index]
        if step.input.readableBytes > 0 { return step.paced?.takesInput ?? true || step.paced?.hasOutput ?? false }
        if step.paced?.hasOutput ?? false { return true }
        guard !step.isEnded, self.isEnding, index == 0 || self.steps[index - 1].isEnded else { return false }
        return !step.isInputEnded || step.paced?.isFinished ?? true
    }

    /// Lets every step work once.
    ///
    /// - Returns: what comes out at the far end.
    package func turn() throws(TransformError) -> ByteBuffer {
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

    /// Nothing more has come for now: has every step write out what it holds back.
    package func pause() throws(TransformError) -> ByteBuffer {
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

    /// The body does not come to its end.
    package func cancel() {
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
