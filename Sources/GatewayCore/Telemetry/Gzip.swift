import CZlib
package import NIOCore

/// The gzip format (RFC 1952).
package enum Gzip {
    /// Compresses bytes; nil if there is no memory.
    ///
    /// - Parameter level: From 1 (fastest) to 9 (smallest).
    package static func compress(_ bytes: ByteBuffer, level: Int32 = 6) -> ByteBuffer? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        // A window of 32 KiB; adding 16 selects the gzip format.
        guard deflateInit2_(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.readableBytes)))
        var output = ByteBuffer()
        var result = Z_OK
        bytes.withUnsafeReadableBytes { input in
            // The library does not write to its input, although its header does not declare it const.
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(clamping: input.count)
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
                stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32(clamping: target.count)
                result = deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
        }
        return result == Z_STREAM_END ? output : nil
    }
}
