import Testing

@testable import GatewayHTTP
@testable import GatewayHTTP1

struct RequestTargetTests {
    @Test(arguments: [
        ("GET", "/", "", "/"),
        ("GET", "//b/c", "", "//b/c"),
        ("GET", "/a?b=http://c/", "", "/a?b=http://c/"),
        ("OPTIONS", "*", "", "*"),
        ("OPTIONS", "/*", "", "/*"),
        ("GET", "http://b.example/p?q", "b.example", "/p?q"),
        ("GET", "HTTPS://b:8443", "b:8443", ""),
        ("OPTIONS", "http://b", "b", ""),
        ("GET", "http://[::1]:80?q", "[::1]:80", "?q"),
        ("CONNECT", "b:443", "b:443", ""),
    ])
    func `RFC 9112 section 3.2: the four forms are distinguished`(
        method: String,
        target: String,
        authority: String,
        path: String
    ) throws {
        let message = try #require(
            Transcript.requests("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n").messages.first
        )
        #expect(message.start[2] == target)
        #expect(message.start[3] == path)
        #expect(message.start[4] == (authority.isEmpty ? "a" : authority))
    }

    @Test(arguments: [
        ("GET", "*"), ("OPTIONS", "**"), ("OPTIONS", "*/"), ("GET", "a"), ("GET", "a:443"), ("GET", "?q"), ("GET", "."),
        ("GET", "http:/a"), ("GET", "http://"), ("GET", "http:///p"), ("GET", "http://?q"), ("GET", "http://u@a/"),
        ("GET", "http://a:99999/"), ("GET", "http://a:x/"), ("GET", "http://a\\b/"), ("GET", "ftp://a/"),
        ("GET", "file:///etc/passwd"), ("GET", "javascript:x"),
        ("GET", "http://a,b\"/"),
    ])
    func `RFC 9112 section 3.2: a target in a wrong form is rejected`(
        method: String,
        target: String
    ) {
        #expect(Transcript.requests("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n").failure == .malformed)
    }

    @Test func `RFC 9112 section 3.2.2: the authority of absolute-form replaces Host`() throws {
        let message = try #require(Transcript.requests("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n").messages.first)
        #expect(message.start[4] == "b")
        #expect(message.fields == [["Host", "b"]])
        // Host is still required and validated.
        #expect(Transcript.requests("GET http://b/ HTTP/1.1\r\nHost: a/\r\n\r\n").failure == .malformed)
        #expect(Transcript.requests("GET http://b/ HTTP/1.1\r\n\r\n").failure == .malformed)
        let old = try #require(Transcript.requests("GET http://b/ HTTP/1.0\r\n\r\n").messages.first)
        #expect(old.start[4] == "b")
    }
}
