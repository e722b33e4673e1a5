import GatewayCore
import GatewayHTTP
import NIOCore

/// Encodes one response body while it streams.
final class CompressionTransform: BodyTransform {
    /// The input encoded without a break, which takes the slowest sensible level a few milliseconds.
    static let turn = 32 * 1024

    let rank = BodyRank.encode
    /// nil after it was returned to the pool.
    private var encoder: (any ContentEncoder)?
    private let pool: EncoderPool
    private let meters: CompressionMeters
    /// Keeps the encoded body of a stored response.
    private let tee: EncodedBodyTee?
    /// The encoder may hold output that a flush would return.
    private var isHolding = false

    init(
        _ encoder: any ContentEncoder,
        from pool: EncoderPool,
        meters: CompressionMeters,
        tee: EncodedBodyTee? = nil
    ) {
        self.tee = tee
        self.encoder = encoder
        self.pool = pool
        self.meters = meters
    }

    deinit { self.giveBack() }

    package func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) throws(TransformError) {
        let count = min(chunk.readableBytes, Self.turn)
        guard count > 0, !sink.isFull else { return }
        try chunk.withUnsafeReadableBytes { (bytes) throws(TransformError) in
            try self.encode(UnsafeRawBufferPointer(rebasing: bytes[..<count]), .process, to: &sink)
        }
        chunk.moveReaderIndex(forwardBy: count)
        self.isHolding = true
    }

    func pause(to sink: inout BodySink) throws(TransformError) {
        guard self.isHolding else { return }
        self.isHolding = false
        try self.encode(UnsafeRawBufferPointer(start: nil, count: 0), .flush, to: &sink)
    }

    func end(to sink: inout BodySink) throws(TransformError) {
        try self.encode(UnsafeRawBufferPointer(start: nil, count: 0), .finish, to: &sink)
        if let coding = self.encoder?.coding { self.tee?.end(in: coding) }
        self.giveBack()
    }

    func cancel() { self.giveBack() }

    private func encode(
        _ input: UnsafeRawBufferPointer,
        _ step: EncoderStep,
        to sink: inout BodySink
    ) throws(TransformError) {
        guard let encoder = self.encoder else { throw TransformError("the encoder has ended") }
        var isEncoded = false
        var output = 0
        sink.withBuffer { buffer in
            let before = buffer.readableBytes
            isEncoded = encoder.encode(input, step, into: &buffer)
            output = buffer.readableBytes - before
            if let tee = self.tee {
                buffer.withUnsafeReadableBytes { tee.add(UnsafeRawBufferPointer(rebasing: $0[before...])) }
            }
        }
        self.meters.count(encoder.coding, input: input.count, output: output)
        guard isEncoded else { throw TransformError("the encoder of \(encoder.coding.token) has failed") }
    }

    private func giveBack() {
        guard let encoder = self.encoder else { return }
        self.encoder = nil
        self.pool.giveBack(encoder)
    }
}

@available(*, unavailable)
extension CompressionTransform: Sendable {}
