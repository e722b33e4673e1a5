import CBrotli
import CZlib

@testable import Gateway
@testable import GatewayHTTP

/// Decoders of the reference libraries.
enum ContentDecoder {
    /// The decoded bytes, as far as `bytes` contains them; nil if they are corrupt.
    ///
    /// - Parameter whole: Whether the stream must end with the last byte.
    static func decode(_ bytes: [UInt8], _ coding: ContentCoding, whole: Bool = true) -> [UInt8]? {
        switch coding {
        case .gzip: self.inflate(bytes, windowBits: 15 + 16, whole: whole)
        case .deflate: self.inflate(bytes, windowBits: 15, whole: whole)
        case .brotli: self.unbrotli(bytes, whole: whole)
        }
    }

    private static func inflate(_ bytes: [UInt8], windowBits: Int32, whole: Bool) -> [UInt8]? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var input = bytes
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        return input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            while true {
                let result = buffer.withUnsafeMutableBufferPointer { buffer in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(buffer.count)
                    return CZlib.inflate(&stream, Z_NO_FLUSH)
                }
                output += buffer[..<(buffer.count - Int(stream.avail_out))]
                switch result {
                case Z_STREAM_END: return stream.avail_in == 0 ? output : nil
                case Z_OK: if stream.avail_out > 0, stream.avail_in == 0 { return whole ? nil : output }
                case Z_BUF_ERROR: return whole ? nil : output
                default: return nil
                }
            }
        }
    }

    private static func unbrotli(_ bytes: [UInt8], whole: Bool) -> [UInt8]? {
        guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else { return nil }
        defer { BrotliDecoderDestroyInstance(state) }
        var output: [UInt8] = []
        return bytes.withUnsafeBufferPointer { input in
            var next = input.baseAddress
            var left = input.count
            while true {
                var room = 0
                let result = BrotliDecoderDecompressStream(state, &left, &next, &room, nil, nil)
                var size = 0
                while BrotliDecoderHasMoreOutput(state) != 0, let bytes = BrotliDecoderTakeOutput(state, &size) {
                    output += UnsafeBufferPointer(start: bytes, count: size)
                    size = 0
                }
                switch result {
                case BROTLI_DECODER_RESULT_SUCCESS: return left == 0 ? output : nil
                case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: return whole ? nil : output
                case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: continue
                default: return nil
                }
            }
        }
    }
}

/// Sample bodies.
enum SampleBody {
    /// Text with short and long distances between repetitions.
    static func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 64)
        while bytes.count < count {
            let number = Int.random(in: 0...9_999, using: &random)
            bytes += Array("{\"id\":\(number),\"name\":\"user \(number % 97)\",\"active\":\(number % 2 == 0)},\n".utf8)
        }
        return Array(bytes.prefix(count))
    }

    /// Incompressible bytes.
    static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
}
