import NIOCore
import NIOHPACK
import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP2

@Suite struct FieldBlockTests {
    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.filter { $0 != " " }.compactMap { $0.hexDigitValue }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func decode(
        _ block: [UInt8],
        with decoder: inout FieldBlockDecoder,
        limit: Int = 100_000
    ) throws -> [String] {
        var lines: [String] = []
        try block.withUnsafeBytes { bytes in
            try decoder.decode(bytes, limit: limit) { field in
                lines.append(
                    "\(String(decoding: field.name, as: UTF8.self)): \(String(decoding: field.value, as: UTF8.self))"
                )
            }
        }
        return lines
    }

    /// RFC 7541 appendix C.3, C.4 and C.6.
    static let examples: [[(block: String, lines: [String])]] = [
        [
            (
                "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
                [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]
            ),
            (
                "8286 84be 5808 6e6f 2d63 6163 6865",
                [
                    ":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com",
                    "cache-control: no-cache",
                ]
            ),
            (
                "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
                [
                    ":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com",
                    "custom-key: custom-value",
                ]
            ),
        ],
        [
            (
                "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
                [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]
            ),
            (
                "8286 84be 5886 a8eb 1064 9cbf",
                [
                    ":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com",
                    "cache-control: no-cache",
                ]
            ),
        ],
    ]

    @Test(arguments: examples.indices) func `decodes the examples of RFC 7541`(index: Int) throws {
        var decoder = FieldBlockDecoder()
        for (block, lines) in Self.examples[index] {
            #expect(try Self.decode(Self.bytes(block), with: &decoder) == lines)
        }
    }

    @Test(
        arguments: [
            "80",  // index 0
            "ff ff ff ff ff 7f",  // an index that is too large
            "be",  // an index into an empty table
            "82 20",  // a change of size behind a field
            "3f e2 1f",  // a table of 4,097 bytes
            "20 20 20 82",  // three changes of size
            "00 81 ff 00",  // eight bits of padding
            "00 81 18 00",  // padding of zeros
            "00 84 ff ff ff ff 00",  // the end of a string, encoded
            "40 05 61",  // a string beyond the block
            "0f",  // half an integer
        ]
    ) func `rejects malformed blocks`(block: String) {
        var decoder = FieldBlockDecoder()
        let error = #expect(throws: HTTP2ConnectionError.self) {
            try Self.decode(Self.bytes(block), with: &decoder)
        }
        #expect(error?.code == .compression)
    }

    @Test func `an empty name is an error of one stream, not of the block`() throws {
        var decoder = FieldBlockDecoder()
        #expect(try Self.decode(Self.bytes("40 00 01 61"), with: &decoder) == [": a"])
    }

    @Test func `stops at the limit of the list, however short the block is`() throws {
        var decoder = FieldBlockDecoder()
        let value = [UInt8](repeating: UInt8(ascii: "a"), count: 3_000)
        let first = [0x40, 0x01, 0x62, 0x7F, 0xB9, 0x16] + value
        _ = try Self.decode(first, with: &decoder)
        let bomb = [UInt8](repeating: 0xBE, count: 1_000)
        var fields = 0
        let error = #expect(throws: HTTP2ConnectionError.self) {
            try bomb.withUnsafeBytes { try decoder.decode($0, limit: 10_000) { _ in fields += 1 } }
        }
        #expect(error?.code == .enhanceYourCalm)
        #expect(fields == 3)
    }

    @Test func `agrees with another encoder over many blocks`() throws {
        var encoder = HPACKEncoder(allocator: ByteBufferAllocator())
        var decoder = FieldBlockDecoder()
        for round in 0..<300 {
            let headers = HPACKHeaders([
                (":method", "GET"), ("x-round", "\(round)"), ("x-\(round % 70)", String(repeating: "v", count: round)),
                ("user-agent", "curl/8 ~!@#$%^&*()_+{}|:<>?"),
            ])
            var block = ByteBuffer()
            try encoder.encode(headers: headers, to: &block)
            let lines = try Self.decode(Array(block.readableBytesView), with: &decoder)
            #expect(lines == headers.map { "\($0.name): \($0.value)" })
        }
    }

    @Test func `every byte survives the Huffman code`() throws {
        // Each symbol in a string of its own, as the table of RFC 7541 appendix B has it.
        var output: [UInt8] = []
        let text = Self.bytes("f1e3 c2e5 f23a 6ba0 ab90 f4ff")
        #expect(text.withUnsafeBytes { HuffmanCode.shared.decode($0, into: &output) })
        #expect(String(decoding: output, as: UTF8.self) == "www.example.com")
    }

    @Test func `another decoder reads what is encoded`() throws {
        var block = HeaderBlock()
        block.add(HeaderName("Content-Type"), "text/plain")
        block.add(HeaderName("X-Long"), [UInt8](repeating: UInt8(ascii: "x"), count: 5_000))
        block.add(HeaderName("Server"), "")
        block.add(HeaderName("Connection"), "close")
        var buffer = ByteBuffer()
        var encoder = FieldBlockEncoder()
        encoder.limitTable(to: 0)
        encoder.begin(&buffer)
        buffer.writeStatusField(200)
        buffer.writeStatusField(431)
        buffer.writeFieldLiterals(block)
        buffer.writeFieldLiteral(.date, Array("today".utf8))
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        let headers = try decoder.decodeHeaders(from: &buffer)
        #expect(
            headers.map(\.name) == [":status", ":status", "content-type", "x-long", "server", "date"]
        )
        #expect(headers[":status"] == ["200", "431"])
        #expect(headers["x-long"] == [String(repeating: "x", count: 5_000)])
    }
}
