import CBrotli
import CZlib

/// Content-coded bodies, decoded by the reference libraries.
extension Message {
    /// The decoded body; nil if it is corrupt or the coding is unknown.
    var decoded: String? { Self.decode(self.body, self["Content-Encoding"], whole: true) }

    /// The text that a client can decode from an incomplete body.
    static func decode(_ bytes: [UInt8], _ coding: String?, whole: Bool) -> String? {
        switch coding {
        case nil: String(decoding: bytes, as: UTF8.self)
        case "gzip": self.inflate(bytes, windowBits: 15 + 16, whole: whole)
        case "deflate": self.inflate(bytes, windowBits: 15, whole: whole)
        case "br": self.unbrotli(bytes, whole: whole)
        default: nil
        }
    }

    private static func inflate(_ bytes: [UInt8], windowBits: Int32, whole: Bool) -> String? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: 1 << 20)
        let result = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return CZlib.inflate(&stream, Z_SYNC_FLUSH)
            }
        }
        guard stream.avail_in == 0, result == Z_STREAM_END || !whole && (result == Z_OK || result == Z_BUF_ERROR) else {
            return nil
        }
        return String(decoding: output[..<(output.count - Int(stream.avail_out))], as: UTF8.self)
    }

    private static func unbrotli(_ bytes: [UInt8], whole: Bool) -> String? {
        guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else { return nil }
        defer { BrotliDecoderDestroyInstance(state) }
        var output = [UInt8](repeating: 0, count: 1 << 20)
        var room = output.count
        var left = bytes.count
        let result = bytes.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var next = input.baseAddress
                var target = output.baseAddress
                return BrotliDecoderDecompressStream(state, &left, &next, &room, &target, nil)
            }
        }
        let isDone = result == BROTLI_DECODER_RESULT_SUCCESS
        guard left == 0, isDone || !whole && result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT else { return nil }
        return String(decoding: output[..<(output.count - room)], as: UTF8.self)
    }
}
