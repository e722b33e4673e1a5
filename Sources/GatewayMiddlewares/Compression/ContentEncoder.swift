import GatewayHTTP
import NIOCore

/// One stream of a compression library.
protocol ContentEncoder: AnyObject {
    var coding: ContentCoding { get }

    /// Consumes all of `input`, and appends the output available so far.
    ///
    /// - Returns: false if the library failed; the stream is unusable then.
    func encode(_ input: UnsafeRawBufferPointer, _ step: EncoderStep, into output: inout ByteBuffer) -> Bool
}

/// What an encoder does after consuming its input.
enum EncoderStep: Sendable {
    /// Keep output that compresses better together with later input.
    case process
    /// Output everything, so that the client can decode it now.
    case flush
    /// End the stream.
    case finish
}

/// The effort of the encoders.
struct EncoderLevels: Hashable, Sendable {
    /// 1 to 9, for gzip and deflate.
    var gzip: Int32
    /// 0 to 11.
    var brotli: UInt32
}
