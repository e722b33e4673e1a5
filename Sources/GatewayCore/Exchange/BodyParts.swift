import NIOCore

/// Writes a body that is the concatenation of several buffers, without a copy. It needs no input.
final class BodyParts: PacedTransform {
    private var parts: ArraySlice<ByteBuffer>

    init(_ parts: [ByteBuffer]) { self.parts = parts[...] }

    var rank: BodyRank { .rewrite }
    var takesInput: Bool { true }
    var hasOutput: Bool { !self.parts.isEmpty }
    var isFinished: Bool { self.parts.isEmpty }

    func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) { chunk = ByteBuffer() }

    func end(to sink: inout BodySink) {}

    func drain(to sink: inout BodySink) {
        if let part = self.parts.popFirst() { sink.write(part) }
    }

    func cancel() { self.parts = [] }
}

@available(*, unavailable)
extension BodyParts: Sendable {}
