import Testing

@testable import GatewayCache

@Suite struct RequestRulesTests {
    private static func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test(
        arguments: [
            ("a=1&utm_id=2&b=3", "a=1&b=3"), ("utm_id=2", ""), ("utm_id", ""), ("a=1", nil), ("", nil),
            ("fbclid=x&a", "a"),
            ("fbclid2=x", nil),
            // Parsers that split at other characters must not see what the key lacks.
            ("a=1&utm_id=1;callback=evil", "a=1"), ("a=1;utm_id=1", nil), ("utm%5Fid=1", nil), ("utm_id%3D1=x", ""),
            ("UTM_ID=1", nil), ("a=1&&utm_x=1", "a=1&"), ("?utm_id=1", nil),
        ] as [(String, String?)]
    )
    func `removes ignored parameters`(_ query: String, _ kept: String?) {
        let rules = QueryRules(ignored: ["utm_*", "fbclid"])
        #expect(Self.text(Array(query.utf8).withUnsafeBytes { rules.applied(to: $0) }) == kept)
    }

    @Test(
        arguments: [
            ("b=1&a=2", "a=2&b=1"), ("a=2&b=1", nil), ("b=2&a=1&b=1", "a=1&b=2&b=1"), ("a-b=1&a=1", "a=1&a-b=1"),
            ("z&utm_x=1&y", "y&z"),
        ] as [(String, String?)]
    )
    func `sorts parameters by name, and keeps the order of those of one name`(_ query: String, _ sorted: String?) {
        let rules = QueryRules(ignored: ["utm_*"], isSorted: true)
        #expect(Self.text(Array(query.utf8).withUnsafeBytes { rules.applied(to: $0) }) == sorted)
    }

    @Test(
        arguments: [
            (["_ga*"], "_ga=1; sid=2; _gat=3", "sid=2"), (["_ga*"], "sid=2", nil), (["*"], "a=1; b=2", ""),
            (["a"], "a=1;b=2 ;c", "b=2; c"), (["a"], " a = 1; b", "b"), (["a*z"], "abz=1; az=2; a=3", "a=3"),
        ] as [([String], String, String?)]
    )
    func `removes cookies`(_ stripped: [String], _ value: String, _ kept: String?) {
        let rules = CookieRules(stripped: stripped)
        #expect(Self.text(Array(value.utf8).withUnsafeBytes { rules.applied(to: $0) }) == kept)
    }
}
