import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

@Suite struct AddressOrderTests {
    private func addresses(_ texts: [String]) -> [IPAddress] { texts.compactMap { IPAddress($0) } }

    @Test(
        arguments: [
            (["10.0.0.1", "10.0.0.2"], ["::1", "::2", "::3"], ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]),
            (["10.0.0.1"], [], ["10.0.0.1"]), ([], ["::1"], ["::1"]), ([], [], []),
        ] as [([String], [String], [String])]
    )
    func `families alternate, IPv6 first`(_ ipv4: [String], _ ipv6: [String], _ order: [String]) {
        #expect(AddressOrder.interleaved(addresses(ipv4), addresses(ipv6)) == addresses(order))
    }

    @Test func `the order of a response does not matter`() {
        let sorted = addresses(["10.0.0.1", "10.0.0.2", "10.0.0.10"])
        #expect(AddressOrder.normalized(addresses(["10.0.0.10", "10.0.0.1", "10.0.0.2", "10.0.0.1"])) == sorted)
    }

    @Test(
        arguments: [
            "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1", "::ffff:0.0.0.0",
        ]
    )
    func `an address that no server can have is dropped`(_ text: String) throws {
        #expect(AddressOrder.normalized([try #require(IPAddress(text))]).isEmpty)
    }

    @Test(arguments: ["127.0.0.1", "10.0.0.1", "::1", "2001:db8::1", "fe80::1", "240.0.0.1", "255.255.255.254"])
    func `other addresses are kept`(_ text: String) throws {
        #expect(AddressOrder.normalized([try #require(IPAddress(text))]).count == 1)
    }
}
