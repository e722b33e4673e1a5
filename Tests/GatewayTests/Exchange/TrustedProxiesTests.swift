import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

struct TrustedProxiesTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var fields: [(String, String)]
        var client: String?
        var testDescription: String { "\(self.fields)" }

        init(_ client: String?, _ fields: (String, String)...) {
            self.client = client
            self.fields = fields
        }
    }

    private static let name = "X-Forwarded-For"

    @Test(arguments: [
        Example(nil),
        Example(nil, (name, "")),
        Example("203.0.113.7", (name, "203.0.113.7")),
        Example("203.0.113.7", (name, "203.0.113.7, 10.0.0.2")),
        Example("203.0.113.7", (name, "6.6.6.6, 203.0.113.7, 10.0.0.2, 10.0.0.3")),
        Example("203.0.113.7", (name, "6.6.6.6, 203.0.113.7"), (name, "10.0.0.2")),
        Example("203.0.113.7", (name, "10.0.0.9"), (name, "203.0.113.7,,\t10.0.0.2 ,")),
        // All hops are trusted, so the first one is the client.
        Example("10.0.0.4", (name, "10.0.0.4, 10.0.0.3"), (name, "10.0.0.2")),
        Example("203.0.113.7", (name, "203.0.113.7:4711, 10.0.0.2:80")),
        Example("2001:db8::7", (name, "2001:db8::7")),
        Example("2001:db8::7", (name, "[2001:db8::7]:4711, [fd00::1]:80, fd00::2")),
        Example("203.0.113.7", (name, "6.6.6.6, ::ffff:203.0.113.7, ::ffff:10.0.0.2")),
        // If a trusted proxy cannot name its client, nobody to the left can.
        Example(nil, (name, "6.6.6.6, unknown")),
        Example("10.0.0.2", (name, "6.6.6.6, _hidden, 10.0.0.2")),
        Example("10.0.0.2", (name, "6.6.6.6, 999.1.1.1, 10.0.0.2")),
        Example(nil, (name, "6.6.6.6, 010.0.0.2")),
        Example(nil, (name, "6.6.6.6, [")),
        Example("203.0.113.7", ("Forwarded", "for=203.0.113.7")),
        Example("203.0.113.7", ("Forwarded", "for=6.6.6.6, For=\"203.0.113.7:4711\";proto=https, by=1;for=10.0.0.2")),
        Example("203.0.113.7", ("Forwarded", "for=6.6.6.6, proto=https; for=203.0.113.7 ,for=10.0.0.2")),
        Example("203.0.113.9", ("Forwarded", "for=203.0.113.9;host=\"x,for=10.1.1.1\"")),
        Example("203.0.113.9", ("Forwarded", "for=6.6.6.6, for=203.0.113.9;by=\"a\\\",for=10.1.1.1;\"")),
        Example("2001:db8::7", ("Forwarded", "for=6.6.6.6"), ("Forwarded", "for=\"[2001:db8::7]:4711\"")),
        Example("10.0.0.2", ("Forwarded", "for=6.6.6.6, proto=https, for=10.0.0.2")),
        Example("10.0.0.2", ("Forwarded", "for=6.6.6.6, for=unknown, for=10.0.0.2")),
        // A malformed line names nobody, and neither does anything to its left.
        Example(nil, ("Forwarded", "for=6.6.6.6, for")),
        Example(nil, ("Forwarded", "for=\", for=203.0.113.9")),
        Example(nil, ("Forwarded", "for=6.6.6.6"), ("Forwarded", "for=\"")),
        Example("203.0.113.9", ("Forwarded", "for=\""), ("Forwarded", "for=203.0.113.9")),
        Example("10.0.0.2", ("Forwarded", "for=6.6.6.6, by=\"x"), ("Forwarded", "for=10.0.0.2")),
        Example("203.0.113.7", ("Forwarded", "for=6.6.6.6"), (name, "203.0.113.7")),
    ])
    func `the client is the rightmost address that is not a trusted proxy`(example: Example) {
        let proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8"].compactMap { TrustedProxy($0) })
        var headers = HeaderBlock()
        for (name, value) in example.fields { headers.add(HeaderName(name), Array(value.utf8)) }
        let client = proxies.clientNamed(by: headers)
        #expect(client.map { String(decoding: $0.text, as: UTF8.self) } == example.client)
    }

    @Test func `a peer without an address is in no trusted block`() {
        let proxies = TrustedProxies(["0.0.0.0/0", "::/0"].compactMap { TrustedProxy($0) })
        #expect(!proxies.contains(.unknown))
        #expect(!proxies.trust(.unknown, isUnixSocket: true))
        #expect(IPAddress("192.0.2.1").map { proxies.contains(ClientAddress($0)) } == true)
    }

    @Test func `a block is compared with the complete address, not with an embedded IPv4 address`() {
        let proxies = TrustedProxies(["10.0.0.0/8", "198.51.100.0/24"].compactMap { TrustedProxy($0) })
        for text in ["64:ff9b::10.0.0.1", "2002:a00:1::1", "64:ff9b::198.51.100.1", "2002:c633:6401::1"] {
            #expect(IPAddress(text).map { proxies.contains(ClientAddress($0)) } == false, "\(text)")
        }
    }
}
