import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP1

struct FieldSectionTests {
    private func request(_ lines: String) -> Transcript {
        Transcript.requests("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
    }

    @Test(arguments: [
        ("X: y\r\n", "X", "y"), ("X:y\r\n", "X", "y"), ("X:\r\n", "X", ""), ("X: \t \r\n", "X", ""),
        ("X: \t y z \t\r\n", "X", "y z"), ("X: a:b: c\r\n", "X", "a:b: c"), ("X: a\tb\r\n", "X", "a\tb"),
        ("!#$%&'*+-.^_`|~09aZ: y\r\n", "!#$%&'*+-.^_`|~09aZ", "y"), ("X: \"a, b\"\r\n", "X", "\"a, b\""),
        ("X: :\r\n", "X", ":"), ("X: 0123456789abcdef0123456789\t!\r\n", "X", "0123456789abcdef0123456789\t!"),
    ])
    func `RFC 9112 section 5: a field line is a name, a colon and a trimmed value`(
        line: String,
        name: String,
        value: String
    ) {
        #expect(self.request(line).messages.first?.fields.last == [name, value])
    }

    @Test func `RFC 9110 section 5.5: obs-text is kept byte for byte`() {
        let all = Array(UInt8(0x80)...0xFF)
        let transcript = Transcript.requests([Array("GET / HTTP/1.0\r\nX: ".utf8) + all + Array("\r\n\r\n".utf8)])
        #expect(transcript.messages.first?.fields.last?[1].unicodeScalars.map(\.value) == all.map { UInt32($0) })
    }

    @Test(arguments: [
        "X : y\r\n", "X\t: y\r\n", " X: y\r\n", "\tX: y\r\n", ": y\r\n", "X\r\n", "X y\r\n", "X(: y\r\n", "X@: y\r\n",
        "X\u{e9}: y\r\n", "X\u{0}: y\r\n", "\"X\": y\r\n", "X;: y\r\n", "X,: y\r\n", "X/: y\r\n", "X\u{7F}: y\r\n",
    ])
    func `RFC 9112 section 5.1: invalid names, and white space before the colon, are rejected`(line: String) {
        #expect(self.request(line).failure == .malformed)
    }

    @Test(arguments: [" b\r\n", "\tb\r\n", " \r\n", "\t\r\n"])
    func `RFC 9112 section 5.2: a folded line is rejected`(continuation: String) {
        #expect(self.request("X: a\r\n\(continuation)").failure == .malformed)
        #expect(Transcript.requests("GET / HTTP/1.1\r\n\(continuation)Host: a\r\n\r\n").failure == .malformed)
    }

    @Test(arguments: Array(UInt8(0)...0x1F) + [0x7F])
    func `RFC 9110 section 5.5: a control character in a value is rejected at every position`(byte: UInt8) {
        guard byte != 0x09 else { return }
        for position in 0..<20 {
            var value = Array("0123456789abcdef0123".utf8)
            value[position] = byte
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + value + Array("\r\n\r\n".utf8)
            #expect(Transcript.requests([bytes]).failure == .malformed, "at \(position)")
        }
    }

    @Test(arguments: ["X: a\n", "X: a\r\r\n", "X: a\rb\r\n", "X: a\n\r\n", "X\r: a\r\n", "X\n: a\r\n", "\r\r\n", "\n"])
    func `RFC 9112 section 2.2: a bare CR or LF is rejected`(lines: String) {
        #expect(self.request(lines).failure == .malformed)
    }

    @Test(arguments: [
        ("a,b", ["a", "b"]), (" a ,\tb\t", ["a", "b"]), (",,a,,", ["a"]), ("", []), (" , ", []), ("a b", ["a b"]),
    ])
    func `RFC 9110 section 5.6.1: empty list members are ignored`(list: String, members: [String]) {
        var found: [String] = []
        Array(list.utf8).withUnsafeBytes { bytes in
            FieldList.forEachMember(of: bytes) { found.append(String(decoding: $0, as: UTF8.self)) }
        }
        #expect(found == members)
    }
}
