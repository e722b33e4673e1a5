import Testing

/// A request that must be rejected, and whose connection must be closed.
struct MalformedRequest: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    var status = 400

    init(_ name: String, _ text: String, _ status: Int = 400) {
        self.init(name, bytes: Array(text.utf8), status)
    }

    init(_ name: String, bytes: [UInt8], _ status: Int = 400) {
        self.name = name
        self.bytes = bytes
        self.status = status
    }

    var testDescription: String { self.name }

    private static func get(_ name: String, _ fields: String, _ status: Int = 400) -> MalformedRequest {
        MalformedRequest(name, "GET /x HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", status)
    }

    private static func post(_ name: String, _ rest: String, _ status: Int = 400) -> MalformedRequest {
        MalformedRequest(name, "POST /x HTTP/1.1\r\nHost: a\r\n\(rest)", status)
    }

    private static func chunked(_ name: String, _ body: String, _ status: Int = 400) -> MalformedRequest {
        post(name, "Transfer-Encoding: chunked\r\n\r\n\(body)", status)
    }

    /// Rejected because of the head: nothing may reach the upstream.
    static let heads: [MalformedRequest] = lengths + lines + fieldLines + hosts + versions

    /// RFC 9112 section 6.
    private static let lengths = [
        post("CL and TE", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        post("TE and CL", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
        post("two lengths", "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        post("two equal lengths", "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
        post("a list of lengths", "Content-Length: 3, 4\r\n\r\nabcd"),
        post("a list of equal lengths", "Content-Length: 3, 3\r\n\r\nabc"),
        post("a negative length", "Content-Length: -1\r\n\r\n"),
        post("a signed length", "Content-Length: +3\r\n\r\nabc"),
        post("a hexadecimal length", "Content-Length: 0x3\r\n\r\nabc"),
        post("a length with a decimal point", "Content-Length: 3.0\r\n\r\nabc"),
        post("an empty length", "Content-Length:\r\n\r\n"),
        post("a length with a space inside", "Content-Length: 1 2\r\n\r\nabc"),
        post("a length over 64 bits", "Content-Length: 18446744073709551619\r\n\r\nabc"),
        post("a length over 63 bits", "Content-Length: 9223372036854775808\r\n\r\nabc"),
        MalformedRequest(
            "a length with non-ASCII digits",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ３\r\n\r\nabc"
        ),
        post("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        post("chunked, chunked", "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        post("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        post("chunked, identity", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        post("identity", "Transfer-Encoding: identity\r\n\r\n"),
        post("identity with a length", "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc"),
        post("xchunked", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        post("an empty TE", "Transfer-Encoding:\r\n\r\n0\r\n\r\n"),
        post("chunked;x", "Transfer-Encoding: chunked;x=y\r\n\r\n0\r\n\r\n"),
        post("a quoted chunked", "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
        post("a vertical tab before chunked", "Transfer-Encoding: \u{0B}chunked\r\n\r\n0\r\n\r\n"),
        post("a space after the name TE", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        MalformedRequest("TE in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ]

    /// RFC 9112 sections 2 and 3.
    private static let lines = [
        MalformedRequest("bare LF everywhere", "GET /x HTTP/1.1\nHost: a\n\n"),
        MalformedRequest("bare LF after the request line", "GET /x HTTP/1.1\nHost: a\r\n\r\n"),
        get("bare LF after a field", "A: b\nC: d\r\n"),
        MalformedRequest("bare LF at the end", "GET /x HTTP/1.1\r\nHost: a\r\n\n"),
        get("bare CR in a field", "A: b\rC: d\r\n"),
        MalformedRequest("bare CR in the request line", "GET /x\rHTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("CR CR LF", "GET /x HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        MalformedRequest("two spaces before the target", "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("two spaces before the version", "GET /x  HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("tabs instead of spaces", "GET\t/x\tHTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("a leading space", " GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("a trailing space", "GET /x HTTP/1.1 \r\nHost: a\r\n\r\n"),
        MalformedRequest("a space in the target", "GET /x y HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("no version, HTTP/0.9", "GET /x\r\n\r\n"),
        MalformedRequest("an invalid method", "GE(T /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("a method with NUL", "GE\0T /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("a fragment", "GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("NUL in the target", "GET /x\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("DEL in the target", "GET /x\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("bytes outside ASCII in the target", "GET /ä HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("empty lines", "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    /// RFC 9112 section 5.
    private static let fieldLines = [
        get("obs-fold", "A: b\r\n c\r\n"),
        get("obs-fold by tab", "A: b\r\n\tc\r\n"),
        MalformedRequest("a space before the first field", "GET /x HTTP/1.1\r\n Host: a\r\n\r\n"),
        get("a space before the colon", "A : b\r\n"),
        get("a tab before the colon", "A\t: b\r\n"),
        get("no colon", "A\r\n"),
        get("no name", ": b\r\n"),
        get("a space in the name", "A B: c\r\n"),
        get("a bracket in the name", "A(: c\r\n"),
        get("NUL in the name", "A\0: c\r\n"),
        get("a byte outside ASCII in the name", "Ä: c\r\n"),
        get("NUL in the value", "A: b\0c\r\n"),
        get("BEL in the value", "A: \u{07}\r\n"),
        get("DEL in the value", "A: \u{7F}\r\n"),
        get("ESC in the value", "A: \u{1B}[0m\r\n"),
    ]

    /// RFC 9112 section 3.2.
    private static let hosts = [
        MalformedRequest("no Host", "GET /x HTTP/1.1\r\n\r\n"),
        MalformedRequest("no Host with absolute-form", "GET http://a/x HTTP/1.1\r\n\r\n"),
        get("two Hosts", "Host: b\r\n"),
        get("two equal Hosts", "Host: a\r\n"),
        MalformedRequest("two Hosts in HTTP/1.0", "GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        MalformedRequest("a list of Hosts", "GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        MalformedRequest("a Host with a path", "GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        MalformedRequest("a Host with a user", "GET /x HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        MalformedRequest("a Host with a bad port", "GET /x HTTP/1.1\r\nHost: a:8x\r\n\r\n"),
        MalformedRequest("a Host with a port too large", "GET /x HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
        MalformedRequest("a Host with a space", "GET /x HTTP/1.1\r\nHost: a b\r\n\r\n"),
        MalformedRequest("a Host with a broken bracket", "GET /x HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        MalformedRequest("a Host outside ASCII", "GET /x HTTP/1.1\r\nHost: ä\r\n\r\n"),
    ]

    /// RFC 9110 section 2.5.
    private static let versions = [
        MalformedRequest("HTTP/2.0", "GET /x HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        MalformedRequest("HTTP/0.9", "GET /x HTTP/0.9\r\nHost: a\r\n\r\n", 505),
        MalformedRequest("HTTP/3.0", "GET /x HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        MalformedRequest("HTTP/1", "GET /x HTTP/1\r\nHost: a\r\n\r\n"),
        MalformedRequest("HTTP/1.10", "GET /x HTTP/1.10\r\nHost: a\r\n\r\n"),
        MalformedRequest("HTTP/11.1", "GET /x HTTP/11.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("http/1.1", "GET /x http/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("HTTPS/1.1", "GET /x HTTPS/1.1\r\nHost: a\r\n\r\n"),
    ]

    /// Broken inside the body: the upstream never sees its end.
    static let bodies = [
        chunked("no chunk size", "\r\nabc\r\n0\r\n\r\n"),
        chunked("a chunk size that is not a number", "x\r\nabc\r\n0\r\n\r\n"),
        chunked("a chunk size with 0x", "0x3\r\nabc\r\n0\r\n\r\n"),
        chunked("a negative chunk size", "-3\r\nabc\r\n0\r\n\r\n"),
        chunked("a signed chunk size", "+3\r\nabc\r\n0\r\n\r\n"),
        chunked("a chunk size over 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
        chunked("a chunk size with many leading zeros", "0000000000000000000000000000000000003\r\nabc\r\n0\r\n\r\n"),
        chunked("a space before the chunk size", " 3\r\nabc\r\n0\r\n\r\n"),
        chunked("a space after the chunk size", "3 \r\nabc\r\n0\r\n\r\n"),
        chunked("LF after the chunk size", "3\nabc\r\n0\r\n\r\n"),
        chunked("a bare CR after the chunk size", "3\rxabc\r\n0\r\n\r\n"),
        chunked("a chunk longer than its size", "3\r\nabcd\r\n0\r\n\r\n"),
        chunked("LF after a chunk", "3\r\nabc\n0\r\n\r\n"),
        chunked("nothing after a chunk", "3\r\nabc0\r\n\r\n"),
        chunked("LF in a chunk extension", "3;a\nb\r\nabc\r\n0\r\n\r\n"),
        chunked("NUL in a chunk extension", "3;a=\0\r\nabc\r\n0\r\n\r\n"),
        chunked("an endless chunk extension", "3;" + String(repeating: "a", count: 5000) + "\r\nabc\r\n0\r\n\r\n"),
        chunked("a malformed trailer", "0\r\nA b\r\n\r\n"),
        chunked("a trailer with obs-fold", "0\r\nA: b\r\n c\r\n\r\n"),
        chunked("a bare LF after the last chunk", "0\r\n\n"),
        chunked(
            "endless trailers",
            "0\r\n" + (0..<2000).map { "A\($0): \(String(repeating: "b", count: 30))\r\n" }.joined(),
            431
        ),
        chunked("too many trailers", "0\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", 431),
    ]

    /// Over a limit.
    static let oversized = [
        MalformedRequest(
            "a target too long",
            "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n",
            414
        ),
        MalformedRequest("an endless target", "GET /\(String(repeating: "a", count: 9000))", 414),
        MalformedRequest("an endless method", String(repeating: "A", count: 9000), 414),
        get("a field too long", "A: \(String(repeating: "b", count: 33_000))\r\n", 431),
        MalformedRequest(
            "an endless field",
            "GET / HTTP/1.1\r\nHost: a\r\nA: \(String(repeating: "b", count: 40_000))",
            431
        ),
        get("too many fields", String(repeating: "A: b\r\n", count: 100), 431),
        MalformedRequest("an endless name", "GET / HTTP/1.1\r\n\(String(repeating: "b", count: 40_000))", 431),
    ]
}
