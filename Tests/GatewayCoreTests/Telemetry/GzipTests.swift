import CZlib
import NIOCore
import Testing

@testable import GatewayCore

struct GzipTests {
    @Test(arguments: ["", "a", String(repeating: "gateway_requests_total 1\n", count: 5000)], [Int32(1), 6, 9])
    func `what was compressed is read again`(text: String, level: Int32) throws {
        let compressed = try #require(Gzip.compress(ByteBuffer(string: text), level: level))
        var stream = z_stream()
        #expect(inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { inflateEnd(&stream) }
        var input = Array(compressed.readableBytesView)
        var output = [UInt8](repeating: 0, count: text.utf8.count + 1)
        let result = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return inflate(&stream, Z_FINISH)
            }
        }
        #expect(result == Z_STREAM_END)
        #expect(String(decoding: output.dropLast(Int(stream.avail_out)), as: UTF8.self) == text)
    }
}
