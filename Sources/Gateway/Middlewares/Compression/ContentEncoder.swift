import NIOCore

/// One stream of a compression library.
protocol ContentEncoder: AnyObject {
    var coding: ContentCoding { get }

    /// Takes all of `input`, and appends what comes of it so far.
    ///
    /// - Returns: false where the library has given up; the stream is of no more use.
    func encode(_ input: UnsafeRawBufferPointer, _ step: EncoderStep, into output: inout ByteBuffer) -> Bool
}

/// What an encoder is to do beyond taking its input.
enum EncoderStep: Sendable {
    /// Keep what compresses better together with what follows.
    case process
    /// Give out all that was taken, so that the client can decode it now.
    case flush
    /// End the stream.
    case finish
}

/// How hard the encoders try.
struct EncoderLevels: Hashable, Sendable {
    /// 1 to 9, for gzip and deflate.
    var gzip: Int32
    /// 0 to 11.
    var brotli: UInt32
}
