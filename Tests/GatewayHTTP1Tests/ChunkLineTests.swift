import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

/// Chunk extensions (RFC 9112 section 7.1.1). They are dropped, but only once their line has been parsed completely.
struct ChunkLineTests {
    /// A body whose first and last chunk have the extension, in one piece and split at each byte.
    private static func transcripts(_ chunkExtension: [UInt8]) -> [Transcript] {
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let body = [0x31] + chunkExtension + Array("\r\nx\r\n0".utf8) + chunkExtension + Array("\r\n\r\n".utf8)
        let splits = body.indices.dropFirst().map { [head + body[..<$0], Array(body[$0...])] }
        return ([[head + body], [head] + body.map { [$0] }] + splits).map { Transcript.requests($0) }
    }

    private static func transcripts(_ chunkExtension: String) -> [Transcript] {
        self.transcripts(Array(chunkExtension.utf8))
    }

    @Test(arguments: [
        "", ";a", ";a=b", ";a=\"\"", ";a=\"b c\t;\"", ";a;b;c", ";a=b;c=\"d\";e", ";!#$%&'*+-.^_`|~09azAZ=~",
        ";a=\"\\\"\"", ";a=\"\\\\\"", ";a=\"\\b\\\t\\ \"", ";a=\"\u{e9}\"", ";a=\"0;1=\"", ";1=2", ";a=\"1;b\";c",
        " ;a", "\t; a", ";\ta", ";a =b", ";a= b", ";a \t=\t \"b\"", ";a ;b", ";a=b ; c", ";a=\"b\" \t;c",
    ])
    func `a well formed extension is dropped`(text: String) {
        for transcript in Self.transcripts(text) {
            #expect(transcript.failure == nil)
            #expect(transcript.messages.first?.text == "x")
            #expect(transcript.messages.first?.isComplete == true)
        }
    }

    @Test(arguments: [
        ";", ";;", ";a;", ";;a", "; ", ";=", ";=b", ";a=", ";a= ", ";a==b", ";a=;b", ";a b", ";a=b c", ";a=\"b\"c",
        ";a\"b\"",
        ";a=\"", ";a=\"b", ";a=\"b\\\"", ";a=b\"c\"", ";\"a\"", ";a=\"b\" c", ";a,b", ";a=b,c", ";(a)", ";a=[b]",
        ";a:b", ";a/b",
        " ", "\t", ";a ", ";a=b\t", ";a=\"b\" ", " a", " 1", ",a", "=a", "\"a\"", ";\u{e9}", ";a=\u{e9}",
        "\n", ";a\n", ";a=\n", ";a=b\n", ";a=\"\n", ";a=\"b\n\"", ";a=\"\\\n\"", "\r", ";a\r", ";\r", ";a=\"\r\"",
        ";a=\"\\\r\"",
        ";a=\"\r\n\"", ";a=\"b\"\r\r", "\0", ";\0", ";a\0", ";a=\"\0\"", ";a=\"\\\0\"", ";a\u{7f}", ";a=\"\u{7f}\"",
        ";a=\u{1b}[0m",
        ";a=\u{b}b", ";\u{c}a",
    ])
    func `a malformed extension is rejected`(text: String) {
        for transcript in Self.transcripts(text) {
            #expect(transcript.failure == .malformed)
            #expect(transcript.messages.first?.isComplete == false)
        }
    }

    @Test func `a quoted value accepts exactly the bytes of the grammar`() {
        for byte in UInt8.min ... .max where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
            let isText = byte >= 0x20 && byte != 0x7F || byte == 0x09
            for prefix in ["", "\\"] {
                let text = Array(";a=\"\(prefix)".utf8) + [byte, UInt8(ascii: "\"")]
                #expect(Self.transcripts(text).allSatisfy { ($0.failure == nil) == isText }, "byte \(byte)")
            }
        }
    }

    @Test(arguments: [";a", ";a=", " ;a=\"", " \t ;a=\"\\"])
    func `the limit applies before an extension is complete`(start: String) {
        for filler in ["a", " ", ";b"] {
            let line = "1" + start + String(repeating: filler, count: 300)
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            #expect(Transcript.requests(head + line.prefix(257)).failure == .malformed)
        }
    }
}
