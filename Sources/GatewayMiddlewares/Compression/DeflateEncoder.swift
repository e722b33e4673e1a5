import CZlib
import GatewayHTTP
import NIOCore

/// gzip (RFC 1952) and deflate, which in HTTP is the zlib format (RFC 1950). A context takes 256 KiB, whatever the
/// body's size, and is reused for the next stream.
final class DeflateEncoder: ContentEncoder {
    let coding: ContentCoding
    private var level: Int32
    /// The library stores this address.
    private let stream: UnsafeMutablePointer<z_stream>

    /// nil if there is no memory.
    init?(_ coding: ContentCoding, level: Int32) {
        self.coding = coding
        self.level = level
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        // A window of 32 KiB; adding 16 selects the gzip format.
        let windowBits: Int32 = coding == .gzip ? 15 + 16 : 15
        let result = deflateInit2_(
            self.stream,
            level,
            Z_DEFLATED,
            windowBits,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard result == Z_OK else {
            self.stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(self.stream)
        self.stream.deallocate()
    }

    /// Starts another stream.
    func reset(level: Int32) -> Bool {
        guard deflateReset(self.stream) == Z_OK else { return false }
        if level == self.level { return true }
        self.level = level
        // Writes nothing before the first byte.
        return deflateParams(self.stream, level, Z_DEFAULT_STRATEGY) == Z_OK
    }

    func encode(_ input: UnsafeRawBufferPointer, _ step: EncoderStep, into output: inout ByteBuffer) -> Bool {
        let flush: Int32 =
            switch step {
            case .process: Z_NO_FLUSH
            case .flush: Z_SYNC_FLUSH
            case .finish: Z_FINISH
            }
        let stream = self.stream
        // The library does not write to its input, although its header does not declare it const.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(clamping: input.count)
        defer { stream.pointee.next_in = nil }
        while true {
            var result = Z_OK
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: 4096) { target in
                stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(clamping: target.count)
                result = deflate(stream, flush)
                return target.count - Int(stream.pointee.avail_out)
            }
            switch result {
            case Z_STREAM_END: return true
            // Having nothing to do is not an error, unless the end was not reached.
            case Z_BUF_ERROR: return step != .finish && stream.pointee.avail_in == 0
            case Z_OK: if stream.pointee.avail_out > 0, step != .finish { return true }
            default: return false
            }
        }
    }
}

@available(*, unavailable)
extension DeflateEncoder: Sendable {}
