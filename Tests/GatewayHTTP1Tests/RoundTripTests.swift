import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

/// Written messages are parsed back unchanged.
struct RoundTripTests {
    private static let tokens = Array("!#$%&'*+-.^_`|~09azAZ".utf8)
    private static let values = Array(UInt8(0x21)...0x7E) + Array(UInt8(0x80)...0xFF) + [0x20, 0x09]
    private static let targets = Array(UInt8(0x21)...0x7E).filter { $0 != UInt8(ascii: "#") }

    private func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let isVisible: (UInt8) -> Bool = { $0 != 0x20 && $0 != 0x09 }
        guard let first = bytes.firstIndex(where: isVisible), let last = bytes.lastIndex(where: isVisible) else {
            return []
        }
        return Array(bytes[first...last])
    }

    private func randomBlock(_ random: inout SeededGenerator) -> HeaderBlock {
        var block = HeaderBlock()
        for _ in 0..<Int.random(in: 0..<20, using: &random) {
            let token = random.bytes(Int.random(in: 1..<30, using: &random), of: Self.tokens)
            let value = random.bytes(Int.random(in: 0..<60, using: &random), of: Self.values)
            block.add(HeaderName(String(decoding: token, as: UTF8.self)), self.trimmed(value))
        }
        return block
    }

    /// The same bytes in pieces of random sizes.
    private func cut(_ buffer: ByteBuffer, _ random: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = buffer
        while rest.readableBytes > 0 {
            let count = Int.random(in: 1...min(rest.readableBytes, 200), using: &random)
            pieces.append(rest.readBytes(length: count) ?? [])
        }
        return pieces
    }

    @Test(arguments: 0..<40)
    func `random requests with random chunks`(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        for _ in 0..<10 {
            let target = [UInt8(ascii: "/")] + random.bytes(Int.random(in: 0..<80, using: &random), of: Self.targets)
            let block = self.randomBlock(&random)
            let trailers = TrailerSection(self.randomBlock(&random))
            var body: [UInt8] = []
            var buffer = ByteBuffer(string: "POST ")
            buffer.writeBytes(target)
            buffer.writeString(" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n")
            buffer.writeFields(block)
            buffer.writeLineEnd()
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                let chunk = random.bytes(Int.random(in: 1..<500, using: &random))
                body += chunk
                buffer.writeChunkSize(chunk.count)
                buffer.writeBytes(chunk)
                buffer.writeLineEnd()
            }
            buffer.writeLastChunk(trailers: trailers)

            let transcript = Transcript.requests(self.cut(buffer, &random))
            #expect(transcript.failure == nil)
            let message = try #require(transcript.messages.first)
            #expect(message.isComplete)
            #expect(message.start[2] == String(decoding: target, as: UTF8.self))
            #expect(Array(message.fields.dropFirst(2)) == Transcript.Message.fields(block))
            #expect(message.body == body)
            #expect(message.trailers ?? [] == Transcript.Message.fields(trailers.fields))
        }
    }

    @Test(arguments: 0..<40)
    func `random responses with bodies of known length`(seed: UInt64) {
        var random = SeededGenerator(seed)
        var buffer = ByteBuffer()
        var fields: [[[String]]] = []
        var bodies: [[UInt8]] = []
        for _ in 0..<10 {
            let block = self.randomBlock(&random)
            fields.append(Transcript.Message.fields(block))
            bodies.append(random.bytes(Int.random(in: 0..<900, using: &random)))
            buffer.writeStatusLine([200, 201, 206, 404, 500][Int.random(in: 0..<5, using: &random)])
            buffer.writeContentLength(bodies[bodies.count - 1].count)
            buffer.writeFields(block)
            buffer.writeLineEnd()
            buffer.writeBytes(bodies[bodies.count - 1])
        }
        let transcript = Transcript.responses(self.cut(buffer, &random))
        #expect(transcript.failure == nil)
        #expect(transcript.messages.map(\.body) == bodies)
        #expect(transcript.messages.map { Array($0.fields.dropFirst()) } == fields)
    }

    @Test(arguments: Examples.requests)
    func `a parsed request that is written again is parsed as the same request`(text: String) throws {
        // HTTP/1.0 may lack the Host that a request written as HTTP/1.1 needs.
        for message in Transcript.requests(text, limits: Examples.limits).messages where message.start[5] == "1" {
            var parser = RequestParser(limits: Examples.limits)
            var head = RequestHead()
            var input = ByteBuffer()
            input.writeString("\(message.start[1]) \(message.start[2]) HTTP/1.1\r\n")
            for field in message.fields { input.writeString("\(field[0]): \(field[1])\r\n") }
            input.writeLineEnd()
            #expect(try parser.parse(&input, into: &head))
            var output = ByteBuffer()
            output.writeRequestLine(head) { buffer in head.headers.withBytes(head.target) { _ = buffer.writeBytes($0) }
            }
            output.writeFields(head.headers)
            output.writeLineEnd()
            var again = RequestHead()
            #expect(try parser.parse(&output, into: &again))
            #expect(Transcript.Message.fields(again.headers) == Transcript.Message.fields(head.headers))
            #expect(again.headers.string(again.target) == head.headers.string(head.target))
            #expect(again.framing == head.framing)
        }
    }
}
