import GatewayHTTP
import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

struct ForwardedParserTests {
    private static func parse(_ line: String) -> [ForwardedElement]? {
        Array(line.utf8).withUnsafeBytes { ForwardedParser.elements(of: $0) }
    }

    private static func element(_ node: String, _ scheme: String? = nil, _ host: String? = nil) -> ForwardedElement {
        ForwardedElement(node: node, scheme: scheme, host: host)
    }

    @Test(
        arguments: [
            ("", []), (" , ,", []), (";", [element("")]),
            ("for=192.0.2.7", [element("192.0.2.7")]), ("FOR=192.0.2.7;By=x", [element("192.0.2.7")]),
            ("for=192.0.2.7;proto=HTTPS;host=a.example", [element("192.0.2.7", "https", "a.example")]),
            ("for=192.0.2.7; proto=https ,\tfor=a", [element("192.0.2.7", "https"), element("a")]),
            ("for=\"[2001:db8::1]:4711\", for=_hidden", [element("[2001:db8::1]:4711"), element("_hidden")]),
            ("for=[2001:db8::1];host=a:80", [element("[2001:db8::1]", nil, "a:80")]),
            (";for=a;;proto=http;", [element("a", "http")]), ("secret=\"\",for=a", [element(""), element("a")]),
            // Commas, semicolons and escapes in quotes are part of the value.
            ("for=203.0.113.9;host=\"x,for=10.1.1.1\"", [element("203.0.113.9", nil, "x,for=10.1.1.1")]),
            ("for=a;by=\"x;for=10.1.1.1\"", [element("a")]), ("for=a;by=\"\\\",for=10.1.1.1;by=\\\"\"", [element("a")]),
            ("by=\"\\\\\",for=b", [element(""), element("b")]), ("for=\"\\1\\0.0.0.1\"", [element("10.0.0.1")]),
            ("for=\"a=b, c\"", [element("a=b, c")]),
        ] as [(String, [ForwardedElement])]
    )
    func `pairs, elements and quoted strings are parsed`(line: String, elements: [ForwardedElement]) {
        #expect(Self.parse(line) == elements)
    }

    @Test(arguments: [
        "for", "for=", "=a", "for=a b", "for = a", "for= a", "for =a", "for=a=b", "for==a", "for=\"a", "for=\"",
        "for=\"a\\",
        "for=\"a\\\"", "for=\"a\"b", "for=\"a\" b", "for=a\"b\"", "for=a;for=b", "for=a;FOR=b",
        "for=a;proto=http;proto=http",
        "for=a, for", "for=(a)", "f(r=a", "for=a{", "for=a/24", "for=\u{e9}", "for='a'x,\"", "for=a:b@c", "10.0.0.1",
        "for=a, 10.0.0.1", "for=a;10.0.0.1",
    ])
    func `ambiguous values are rejected`(line: String) {
        #expect(Self.parse(line) == nil)
    }

    @Test func `any quoted value survives a round trip`() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<5_000 {
            let value = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                [",", ";", "=", "\"", "\\", " ", "a", "for=1", "\t"][Int.random(in: 0..<9, using: &random)]
            }.joined()
            let quoted = value.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
            let elements = Self.parse("for=192.0.2.1;host=\"\(quoted)\", for=192.0.2.2")
            #expect(elements == [Self.element("192.0.2.1", nil, value), Self.element("192.0.2.2")], "\(value)")
        }
    }

    @Test func `a malformed line is dropped, others are kept`() async throws {
        let lines = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange(
                "GET / HTTP/1.1",
                "Host: a",
                "Forwarded: for=10.1.1.1",
                "Forwarded: for=\"10.1.1.2",
                "Forwarded: for=192.0.2.7;host=\"b\"",
                isTrusted: true
            )
            exchange.driver.identifyClient(peer: ClientAddress(.loopback), trusted: true)
            return exchange.request.headers.lines
        }
        #expect(
            lines == [
                "Host: a", "Forwarded: for=10.1.1.1", "Forwarded: for=192.0.2.7;host=\"b\"",
            ]
        )
    }

    /// The proxy that wrote one of the two fields forwards the other as the client invented it.
    @Test func `X-Forwarded-For is used, and Forwarded is dropped`() async throws {
        let (client, lines) = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange(
                "GET / HTTP/1.1",
                "Host: a",
                "Forwarded: for=203.0.113.9",
                "X-Forwarded-For: 192.0.2.7",
                isTrusted: true
            )
            exchange.driver.identifyClient(peer: ClientAddress(.loopback), trusted: true)
            return (exchange.clientAddress, exchange.request.headers.lines)
        }
        #expect(client.description == "192.0.2.7")
        #expect(lines == ["Host: a", "X-Forwarded-For: 192.0.2.7"])
    }

    /// An unidentified client must not be treated as the proxy, which may have more rights.
    @Test(arguments: ["Forwarded: for=\", for=192.0.2.7", "Forwarded: for=unknown", "X-Forwarded-For: nonsense"])
    func `an unidentified client has no address`(line: String) async throws {
        let client = try await WorkerFixture.run { worker in
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", line, isTrusted: true)
            exchange.driver.identifyClient(peer: ClientAddress(.loopback), trusted: true)
            return exchange.clientAddress
        }
        #expect(client.ip == nil)
        #expect(client.description == "127.0.0.1")
    }
}
