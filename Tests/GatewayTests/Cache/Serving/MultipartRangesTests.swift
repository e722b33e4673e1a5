import GatewayCache
import NIOCore
import Testing

/// RFC 9110 section 14.6
@Suite struct MultipartRangesTests {
    private static func text(_ parts: [Range<Int>], type: String, boundary: UInt64 = 0xABC) -> String {
        let body = ByteBuffer(string: "0123456789")
        let ranges = MultipartRanges(boundary: boundary, length: body.readableBytes)
        return ranges.pieces(of: body, parts, type: ByteBuffer(string: type)).map { String(buffer: $0) }.joined()
    }

    @Test func `each part has its range and the type of the whole`() {
        #expect(
            Self.text([0..<1, 7..<10], type: "text/x") == """
                \r\n--0000000000000abc\r\nContent-Type: text/x\r\nContent-Range: bytes 0-0/10\r\n\r\n0\
                \r\n--0000000000000abc\r\nContent-Type: text/x\r\nContent-Range: bytes 7-9/10\r\n\r\n789\
                \r\n--0000000000000abc--\r\n
                """
        )
    }

    @Test func `a body without a type has parts without one`() {
        #expect(!Self.text([0..<1, 2..<3], type: "").contains("Content-Type"))
    }

    @Test(arguments: [0, 1, .max] as [UInt64])
    func `the boundary has sixteen digits`(_ boundary: UInt64) {
        let type = MultipartRanges(boundary: boundary, length: 1).contentType
        #expect(type.utf8.count == "multipart/byteranges; boundary=".utf8.count + 16)
        #expect(Self.text([0..<1], type: "", boundary: boundary).contains("--" + type.suffix(16) + "--"))
    }

    @Test func `parts share the memory of the body`() {
        var body = ByteBuffer(string: "0123456789")
        body.moveReaderIndex(forwardBy: 2)
        let ranges = MultipartRanges(boundary: 1, length: body.readableBytes)
        let pieces = ranges.pieces(of: body, [0..<2, 6..<8], type: ByteBuffer())
        #expect(pieces.map { String(buffer: $0) }.filter { $0.utf8.count == 2 } == ["23", "89"])
    }
}
