import GatewayHTTP
import GatewayHTTP2
import NIOHPACK
import Testing

@Suite struct RequestHeaderListTests {
    private func list(_ head: String, _ scheme: RequestHeaderList.Scheme = .http) -> (lines: [String], hasBody: Bool)? {
        var head = head
        return head.withUTF8 { RequestHeaderList.list(of: UnsafeRawBufferPointer($0), scheme: scheme) }
            .map { ($0.list.map { "\($0.name): \($0.value)" }, $0.hasBody) }
    }

    @Test func `a head becomes pseudo-fields and fields in lower case`() throws {
        let request = try #require(
            self.list(
                "GET /a?b=c HTTP/1.1\r\nHost: a.example:81\r\nX-One: 1\r\nACCEPT: */*\r\nVia: 1.1 gateway\r\n\r\n"
            )
        )
        #expect(
            request.lines == [
                ":method: GET", ":scheme: http", ":authority: a.example:81", ":path: /a?b=c", "x-one: 1", "accept: */*",
                "via: 1.1 gateway",
            ]
        )
        #expect(!request.hasBody)
    }

    @Test func `the scheme is that of the target`() throws {
        #expect(try #require(self.list("GET / HTTP/1.1\r\nHost: a\r\n\r\n", .https)).lines[1] == ":scheme: https")
    }

    @Test func `fields of the connection are dropped, and trailers are still accepted`() throws {
        let request = try #require(
            self.list(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, x-hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=3\r\n"
                    + "Proxy-Connection: close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nTE: gzip, trailers\r\nA: b\r\n\r\n"
            )
        )
        #expect(request.lines.dropFirst(4) == ["te: trailers", "a: b"])
        #expect(try #require(self.list("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip\r\n\r\n")).lines.count == 4)
    }

    @Test(arguments: [
        ("Content-Length: 3\r\n", true), ("Content-Length: 0\r\n", false), ("Transfer-Encoding: chunked\r\n", true),
        ("", false),
    ])
    func `a body follows if the head says so`(fields: String, hasBody: Bool) throws {
        let request = try #require(self.list("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"))
        #expect(request.hasBody == hasBody)
        #expect(!request.lines.contains { $0.hasPrefix("transfer-encoding") })
    }

    @Test func `a target without a path gets one, and the asterisk remains`() throws {
        #expect(try #require(self.list("GET ?a HTTP/1.1\r\nHost: a\r\n\r\n")).lines[3] == ":path: /?a")
        #expect(try #require(self.list("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")).lines[3] == ":path: *")
    }

    @Test func `credentials are never compressed with those of other clients`() throws {
        var head = "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nAuthorization: c\r\nAccept: d\r\n\r\n"
        let list = try #require(
            head.withUTF8 { RequestHeaderList.list(of: UnsafeRawBufferPointer($0), scheme: .http) }
        ).list
        let never = list.filter { if case .neverIndexed = $0.indexable { true } else { false } }.map(\.name)
        #expect(never == ["cookie", "authorization"])
    }

    @Test(arguments: ["", "\r\n", "GET\r\n\r\n", "GET /\r\n\r\n"])
    func `what is no head is no list`(head: String) {
        #expect(self.list(head) == nil)
    }
}
