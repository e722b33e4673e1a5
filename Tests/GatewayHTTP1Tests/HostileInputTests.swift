import GatewayHTTP1
import Testing

@testable import GatewayHTTP

/// Any input produces a result, never a crash, and memory stays within the limits.
struct HostileInputTests {
    /// The most bytes that may wait unread: a start line, a section and their line ends, and the latest piece.
    private static let bound = Examples.limits.startLine + Examples.limits.headers + 4 + pieceSize
    private static let pieceSize = 16

    @Test(arguments: 0..<6)
    func `random bytes do not crash`(seed: UInt64) {
        var random = SeededGenerator(seed)
        let alphabets: [[UInt8]?] = [nil, Array("GETHP/1.0 \r\n:;,\t\u{0}azAZ09".utf8), Array("0\r\nX:".utf8)]
        for round in 0..<300 {
            let noise = random.bytes(Int.random(in: 0..<400, using: &random), of: alphabets[round % alphabets.count])
            for prefix in ["", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "GET / HTTP/1.1\r\n"]
            {
                self.check(Array(prefix.utf8) + noise)
            }
        }
    }

    @Test(arguments: 0..<6)
    func `mutations of valid messages do not crash`(seed: UInt64) {
        var random = SeededGenerator(seed)
        for example in Examples.requests + Examples.responses {
            for _ in 0..<60 { self.check(self.mutate(Array(example.utf8), &random)) }
        }
    }

    @Test func `endless input is rejected within the limits`() {
        let endless: [(String, String)] = [
            ("", "A"), ("GET /", "x"), ("GET / HTTP/1.1\r\n", "X: 1\r\n"), ("GET / HTTP/1.1\r\nX:", " "),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "0"),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", "a"),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: 1\r\n"),
        ]
        for (prefix, tail) in endless {
            let transcript = self.check(Array((prefix + String(repeating: tail, count: 2000)).utf8))
            #expect(transcript.failure != nil && transcript.failure != .truncated, "\(prefix)\(tail)…")
        }
    }

    @discardableResult
    private func check(_ bytes: [UInt8]) -> Transcript {
        let pieces = stride(from: 0, to: bytes.count, by: Self.pieceSize).map {
            Array(bytes[$0..<min($0 + Self.pieceSize, bytes.count)])
        }
        let requests = Transcript.requests(pieces, limits: Examples.limits)
        #expect(requests.backlog <= Self.bound)
        #expect(Transcript.requests([bytes], limits: Examples.limits) == requests)
        let responses = Transcript.responses(pieces, limits: Examples.limits)
        #expect(responses.backlog <= Self.bound)
        #expect(Transcript.responses([bytes], limits: Examples.limits) == responses)
        for message in requests.messages { self.expectClean(message) }
        return requests
    }

    /// No accepted field can start another line when it is written.
    private func expectClean(_ message: Transcript.Message) {
        for field in message.fields {
            #expect(ByteClass.isToken(field[0].utf8))
            #expect(!field[1].unicodeScalars.contains { ($0.value < 0x20 && $0 != "\t") || $0.value == 0x7F })
        }
    }

    private func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2 where bytes.count > 1: bytes.remove(at: index)
            case 3: bytes.insert(contentsOf: random.bytes(1, of: Array("\r\n \t:;,\u{0}0".utf8)), at: index)
            default: bytes.insert(contentsOf: bytes[index..<min(index + 9, bytes.count)], at: index)
            }
        }
        return bytes
    }
}
