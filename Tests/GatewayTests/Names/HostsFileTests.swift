import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

@Suite struct HostsFileTests {
    private static let file = """
        # A comment
        127.0.0.1 localhost
        ::1\tlocalhost ip6-localhost\t# ip6-commented
        10.0.0.1   Api.Internal api
        10.0.0.2 api.internal
        fe80::1%lo0 zoned
        no-address broken
        10.0.0.9
        192.0.2.7 windows\r
        10.0.0.3 last
        """

    @Test(
        arguments: [
            ("localhost", ["127.0.0.1", "::1"]), ("ip6-localhost", ["::1"]), ("api", ["10.0.0.1"]),
            ("api.internal", ["10.0.0.1", "10.0.0.2"]), ("windows", ["192.0.2.7"]), ("last", ["10.0.0.3"]),
            ("ip6-commented", nil), ("zoned", nil), ("broken", nil), ("10.0.0.9", nil), ("ap", nil),
            ("api.intern", nil),
            ("", nil),
        ] as [(String, [String]?)]
    )
    func `a name has the addresses of all its lines`(_ name: String, _ addresses: [String]?) {
        #expect(HostsFile.addresses(of: name, in: Self.file.utf8)?.map(\.description) == addresses)
    }

    @Test func `arbitrary bytes do not crash`() {
        let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }
        #expect(HostsFile.addresses(of: "a", in: bytes) == nil)
        #expect(HostsFile.addresses(of: "a", in: [UInt8]()) == nil)
    }

    @Test(arguments: [
        ("localhost", true), ("a.localhost", true), ("notlocalhost", false), ("localhost.example", false),
    ])
    func `localhost and its subdomains are loopback addresses`(_ name: String, _ isLocal: Bool) {
        #expect(HostsFile.isLocalhost(name) == isLocal)
    }
}
