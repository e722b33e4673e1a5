import Testing

@testable import Gateway
@testable import GatewayHTTP
@testable import GatewaySettings

struct IPAddressTransitionTests {
    @Test(arguments: [
        ("64:ff9b::192.0.2.1", "192.0.2.1"), ("64:ff9b::a00:1", "10.0.0.1"), ("2002:c000:201::1", "192.0.2.1"),
        ("2002:c000:201:ffff:1:2:3:4", "192.0.2.1"), ("64:ff9b:0:0:0:1::1", nil), ("64:ff9b:1::192.0.2.1", nil),
        ("64:ff9a::192.0.2.1", nil), ("2003:c000:201::1", nil), ("2001:db8::1", nil), ("192.0.2.1", nil),
        ("::ffff:192.0.2.1", nil), ("::1", nil),
    ])
    func `the IPv4 address in a translated or tunneled address is found`(text: String, embedded: String?) throws {
        #expect(try #require(IPAddress(text)).embeddedIPv4?.description == embedded)
    }

    @Test(arguments: [
        // Own and embedded address, for rules that restrict and rules that grant.
        ("203.0.113.0/24", "64:ff9b::203.0.113.7", true, true), ("203.0.113.0/24", "2002:cb00:7107::1", true, true),
        ("203.0.113.0/24", "64:ff9b::203.0.114.7", false, false), ("64:ff9b::/96", "64:ff9b::203.0.113.7", true, true),
        ("64:ff9b::/96", "64:ff9b::10.0.0.1", true, true), ("2002:a00::/24", "2002:a00:1::1", true, true),
        ("203.0.113.0/24", "203.0.113.7", true, true), ("2001:db8::/32", "2001:db8::1", true, true),
        // An address that is never translated must be forged.
        ("10.0.0.0/8", "64:ff9b::10.0.0.1", true, false), ("10.0.0.0/8", "2002:a00:1::1", true, false),
        ("0.0.0.0/0", "2002:7f00:1::1", true, false), ("192.168.0.0/16", "2002:c0a8:1::1", true, false),
        ("172.16.0.0/12", "64:ff9b::172.31.0.1", true, false), ("100.64.0.0/10", "64:ff9b::100.127.0.1", true, false),
        ("169.254.0.0/16", "64:ff9b::169.254.169.254", true, false), ("0.0.0.0/0", "64:ff9b::0.0.0.1", true, false),
        ("0.0.0.0/0", "64:ff9b::224.0.0.1", true, false), ("172.0.0.0/8", "64:ff9b::172.32.0.1", true, true),
        ("100.0.0.0/8", "64:ff9b::100.128.0.1", true, true), ("192.0.0.0/8", "64:ff9b::192.167.0.1", true, true),
    ])
    func `an embedded address always restricts, but grants only if it can be real`(
        block: String,
        address: String,
        restricts: Bool,
        grants: Bool
    ) throws {
        let blocks = try [#require(CIDR(block))]
        let address = try #require(IPAddress(address))
        #expect(blocks.restrict(address) == restricts)
        #expect(blocks.grant(address) == grants)
    }
}
