import CBrotli
import GatewayHTTP
import NIOCore

/// br (RFC 7932). The library cannot reset a context for another stream, so only its memory is reused.
final class BrotliEncoder: ContentEncoder {
    /// Bodies of at least this size get the larger window, if their length is known.
    static let largeBody = 1 << 20

    let coding = ContentCoding.brotli
    private let state: OpaquePointer
    /// Outlives the context.
    private let memory: EncoderMemory

    /// - Parameter length: the length of the body, if known.
    init?(quality: UInt32, length: Int?, memory: EncoderMemory) {
        let state = BrotliEncoderCreateInstance(
            { opaque, size in EncoderMemory.of(opaque)?.allocate(size) },
            { opaque, block in EncoderMemory.of(opaque)?.free(block) },
            Unmanaged.passUnretained(memory).toOpaque()
        )
        guard let state else { return nil }
        self.state = state
        self.memory = memory
        let isLarge = (length ?? 0) > Self.largeBody
        BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, quality)
        BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, isLarge ? 18 : 16)
        // With a hint of 1 MiB or more, the tables would grow to many times the window.
        BrotliEncoderSetParameter(
            state,
            BROTLI_PARAM_SIZE_HINT,
            UInt32(max(1, min(length ?? Self.largeBody, Self.largeBody - 1)))
        )
    }

    deinit { BrotliEncoderDestroyInstance(self.state) }

    func encode(_ input: UnsafeRawBufferPointer, _ step: EncoderStep, into output: inout ByteBuffer) -> Bool {
        let operation =
            switch step {
            case .process: BROTLI_OPERATION_PROCESS
            case .flush: BROTLI_OPERATION_FLUSH
            case .finish: BROTLI_OPERATION_FINISH
            }
        var next = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var left = input.count
        repeat {
            var room = 0
            guard BrotliEncoderCompressStream(self.state, operation, &left, &next, &room, nil, nil) != 0 else {
                return false
            }
            while BrotliEncoderHasMoreOutput(self.state) != 0 {
                var size = 0
                guard let bytes = BrotliEncoderTakeOutput(self.state, &size), size > 0 else { return false }
                output.writeBytes(UnsafeRawBufferPointer(start: bytes, count: size))
            }
        } while left > 0 || step == .finish && BrotliEncoderIsFinished(self.state) == 0
        return true
    }
}

@available(*, unavailable)
extension BrotliEncoder: Sendable {}
