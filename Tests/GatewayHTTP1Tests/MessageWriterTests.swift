import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

struct MessageWriterTests {
    private func written(_ write: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        write(&buffer)
        return String(buffer: buffer)
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 12345, 999_999_999, 1_000_000_000, .max - 1, .max])
    func `numbers are written in decimal and in hexadecimal`(number: Int) {
        #expect(self.written { $0.writeDecimal(number) } == "\(number)")
        #expect(self.written { $0.writeChunkSize(number) } == "\(String(number, radix: 16))\r\n")
        #expect(self.written { $0.writeContentLength(number) } == "Content-Length: \(number)\r\n")
    }

    @Test func `random numbers are written like those of the standard library`() {
        var random = SeededGenerator(3)
        for _ in 0..<5000 {
            let number = Int.random(in: 0...Int.max, using: &random) >> Int.random(in: 0..<63, using: &random)
            #expect(self.written { $0.writeDecimal(number) } == "\(number)")
            #expect(self.written { $0.writeChunkSize(number) } == "\(String(number, radix: 16))\r\n")
        }
    }

    @Test func `a negative number is written as zero`() { #expect(self.written { $0.writeDecimal(-5) } == "0") }

    @Test(
        arguments: [
            (200, 1, "HTTP/1.1 200 OK\r\n"), (404, 0, "HTTP/1.0 404 Not Found\r\n"),
            (103, 1, "HTTP/1.1 103 Early Hints\r\n"),
        ] as [(Int, UInt8, String)]
    )
    func `RFC 9112 section 4: a status line`(status: Int, minor: UInt8, line: String) {
        #expect(self.written { $0.writeStatusLine(status, minorVersion: minor) } == line)
    }

    @Test(arguments: 100...599)
    func `the parser accepts every status line`(status: Int) throws {
        let text = self.written { $0.writeStatusLine(status) } + "\r\n"
        let message = try #require(Transcript.responses(text).messages.first)
        #expect(message.start == ["1", "\(status)", StatusReason.phrase(status).description])
    }

    @Test func `RFC 9112 section 3: a request line is rewritten`() throws {
        var parser = RequestParser(limits: HTTP1Limits())
        var head = RequestHead()
        var input = ByteBuffer(string: "M-SEARCH http://b/x?y HTTP/1.0\r\n\r\n")
        #expect(try parser.parse(&input, into: &head))
        let line = self.written { buffer in
            buffer.writeRequestLine(head) { target in
                head.headers.withBytes(head.pathAndQuery) { _ = target.writeBytes($0) }
            }
        }
        #expect(line == "M-SEARCH /x?y HTTP/1.1\r\n")
    }

    @Test func `fields and line ends`() {
        #expect(self.written { $0.writeField("Connection", "close") } == "Connection: close\r\n")
        #expect(self.written { $0.writeLineEnd() } == "\r\n")
        #expect(self.written { $0.writeFields(HeaderBlock()) } == "")
    }

    @Test func `RFC 9112 section 7.1: trailers follow the last chunk`() {
        #expect(self.written { $0.writeLastChunk(trailers: nil) } == "0\r\n\r\n")
        #expect(self.written { $0.writeLastChunk(trailers: TrailerSection(HeaderBlock())) } == "0\r\n\r\n")
        var fields = HeaderBlock()
        fields.add(HeaderName("Grpc-Status"), "0")
        let trailers = TrailerSection(fields)
        #expect(self.written { $0.writeLastChunk(trailers: trailers) } == "0\r\nGrpc-Status: 0\r\n\r\n")
    }

    @Test func `the contents of the buffer are kept`() {
        var buffer = ByteBuffer(string: "x")
        var block = HeaderBlock()
        block.add(HeaderName("A"), "b")
        buffer.writeFields(block)
        buffer.writeDecimal(7)
        #expect(String(buffer: buffer) == "xA: b\r\n7")
    }
}
