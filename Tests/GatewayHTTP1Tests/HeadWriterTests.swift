import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

struct HeadWriterTests {
    private static func text(_ write: (inout HeadWriter) -> Void) -> String {
        var buffer = ByteBuffer()
        buffer.writeHead(room: 0, write)
        return String(buffer: buffer)
    }

    @Test(arguments: 0..<20)
    func `numbers are written as hexadecimal and decimal digits`(seed: UInt64) {
        var random = SeededGenerator(seed)
        for _ in 0..<200 {
            let number = random.next() >> UInt64.random(in: 0..<64, using: &random)
            let digits = String(number, radix: 16)
            let padded = String(repeating: "0", count: 16 - digits.count) + digits
            #expect(Self.text { $0.write(hexadecimal: number) } == padded)
            #expect(Self.text { $0.write(decimal: Int(number >> 1)) } == String(number >> 1))
        }
    }

    @Test func `output larger than the reserved space is complete`() {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000)
        let text = Self.text { output in
            output.write(long)
            output.write(hexadecimal: 255)
            output.writeStatusLine(200)
        }
        #expect(text == String(decoding: long, as: UTF8.self) + "00000000000000ffHTTP/1.1 200 OK\r\n")
    }

    /// A section as a client may send it. Only the parsed parts are written.
    @Test(arguments: 0..<40)
    func `received fields are written line by line, without their white space`(seed: UInt64) throws {
        var random = SeededGenerator(seed)
        var section = "GET / HTTP/1.1\r\nHost: a\r\n"
        var expected: [(id: FieldID?, line: String)] = [(.host, "Host: a\r\n")]
        for index in 0..<Int.random(in: 1..<12, using: &random) {
            let (name, id) = [("X-\(index)", nil), ("Via", FieldID.via), ("Accept", .accept)].randomElement(
                using: &random
            )!
            let before = ["", " ", "  ", "\t", " \t "].randomElement(using: &random)!
            let after = ["", " ", "\t"].randomElement(using: &random)!
            let value = ["", "v\(index)", "a b"].randomElement(using: &random)!
            section += "\(name):\(before)\(value)\(after)\r\n"
            expected.append((id, "\(name): \(value)\r\n"))
        }
        var buffer = ByteBuffer(string: section + "\r\n")
        var parser = RequestParser(limits: HTTP1Limits())
        var head = RequestHead()
        let isWhole = try parser.parse(&buffer, into: &head)
        #expect(isWhole)
        head.headers.add(HeaderName("X-Added"), "1")
        expected.append((nil, "X-Added: 1\r\n"))
        head.headers.remove(.accept)
        expected.removeAll { $0.id == .accept }
        #expect(Self.text { $0.writeFields(head.headers) } == expected.map(\.line).joined())
        let others = expected.filter { $0.id != .via }.map(\.line).joined()
        #expect(Self.text { $0.writeFields(head.headers, except: .via) } == others)
    }
}
