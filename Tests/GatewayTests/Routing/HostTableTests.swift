import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct HostTableTests {
    /// The hosts that match `host`, most specific first.
    private func chain(_ hosts: [String], _ host: String) throws -> [String] {
        let table = HostTable(try hosts.map { try HostPattern($0) })
        var result: [String] = []
        var entry = Array(host.utf8).withUnsafeBytes { table.entry(for: $0) }
        while let index = entry {
            result.append(hosts[index])
            entry = table.entry(after: index)
        }
        return result
    }

    private static let hosts = [
        "*", "a.com", "*.a.com", "*.b.a.com", "c.b.a.com", "*.com", "localhost", "[::1]", "192.168.0.1", "*.internal",
    ]

    @Test(arguments: [
        ("a.com", ["a.com", "*.com", "*"]),
        ("x.a.com", ["*.a.com", "*.com", "*"]),
        ("x.y.a.com", ["*.a.com", "*.com", "*"]),
        ("b.a.com", ["*.a.com", "*.com", "*"]),
        ("c.b.a.com", ["c.b.a.com", "*.b.a.com", "*.a.com", "*.com", "*"]),
        ("d.b.a.com", ["*.b.a.com", "*.a.com", "*.com", "*"]),
        ("A.CoM", ["a.com", "*.com", "*"]),
        ("a.com:8080", ["a.com", "*.com", "*"]),
        ("a.com.", ["a.com", "*.com", "*"]),
        ("a.com.:80", ["a.com", "*.com", "*"]),
        ("a.com..", ["*"]),
        ("xa.com", ["*.com", "*"]),
        ("com", ["*"]),
        (".com", ["*"]),
        (".a.com", ["*"]),
        ("localhost:1", ["localhost", "*"]),
        ("[::1]", ["[::1]", "*"]),
        ("[::1]:8080", ["[::1]", "*"]),
        ("[::2]", ["*"]),
        ("192.168.0.1:1", ["192.168.0.1", "*"]),
        ("", ["*"]), (":80", ["*"]), (".", ["*"]), ("[", ["*"]), ("x.internal", ["*.internal", "*"]),
    ])
    func `the exact host is tried first, then longer wildcards, then any host`(host: String, expected: [String]) throws
    {
        #expect(try chain(Self.hosts, host) == expected)
    }

    @Test func `an unknown host has no match`() throws {
        #expect(try chain(["a.com"], "b.com").isEmpty)
        #expect(try chain([], "b.com").isEmpty)
        #expect(try chain(["*"], "b.com") == ["*"])
    }

    @Test(arguments: [
        ("A.Example.COM.", HostPattern.exact("a.example.com")), ("a.com:443", .exact("a.com")),
        ("::1", .exact("[::1]")),
        ("[2001:DB8::1]:80", .exact("[2001:db8::1]")), ("*.A.com", .suffix(".a.com")), ("*", .any),
    ])
    func `case, port and a trailing dot in the configuration are ignored`(text: String, expected: HostPattern) throws {
        #expect(try HostPattern(text) == expected)
    }

    @Test(arguments: ["", "a..b", "*a.com", "a.*.com", "*.", "**.a", "a b", "http://a", "a/b", "[x]", "bücher.example"])
    func `an invalid host is rejected`(text: String) {
        #expect(throws: HostPattern.ParseError.self) { try HostPattern(text) }
    }

    @Test func `each of ten thousand hosts is found`() throws {
        let hosts = (0..<10_000).map { $0.isMultiple(of: 3) ? "*.h\($0).example" : "h\($0).example" }
        let table = HostTable(try hosts.map { try HostPattern($0) })
        for (index, host) in hosts.enumerated() {
            let name = host.hasPrefix("*") ? "deep.down" + host.dropFirst() : host
            #expect(Array(name.utf8).withUnsafeBytes { table.entry(for: $0) } == index)
        }
    }
}
