import Testing

@testable import GatewayCore

@Suite struct ReportRedactionTests {
    private static let redaction = ReportRedaction(
        names: ["X-My-Key", "pass_me"],
        addresses: ["203.0.113.9", "unknown"]
    )

    @Test(arguments: [
        ("", ""), ("a=b", "a=b"), ("a=b&token=hush&c=d", "a=b&token=[redacted]&c=d"),
        ("TOKEN=hush", "TOKEN=[redacted]"), ("t%6Fken=hush", "t%6Fken=[redacted]"),
        ("a;api_key=hush", "a;api_key=[redacted]"),
        ("X-Amz-Signature=hush&X-Amz-Date=1", "X-Amz-Signature=[redacted]&X-Amz-Date=1"),
        ("client_secret=hush", "client_secret=[redacted]"), ("keyboard=qwerty", "keyboard=qwerty"),
        ("key=", "key=[redacted]"),
        ("pass_me=hush", "pass_me=[redacted]"), ("from=203.0.113.9", "from=[redacted]"), ("&&=&", "&&=&"),
        ("user[password]=hush", "user[password]=[redacted]"), ("token", "token"),
    ])
    func `the values of secret parameters are replaced`(_ query: String, _ expected: String) {
        #expect(Self.redaction.redacted(query: query) == expected)
    }

    @Test(arguments: [
        ("User-Agent", "curl", "curl"), ("Cookie", "a", nil), ("Authorization", "a", nil), ("X-Api-Key", "a", nil),
        ("X-My-Key", "a", nil), ("X-Forwarded-For", "a", nil), ("Forwarded", "a", nil), ("X-Real-IP", "a", nil),
        ("X-Anything", "a", nil), ("Referer", "http://a/?token=hush&x=y", "http://a/?token=[redacted]&x=y"),
        ("Referer", "http://me:hush@a/b@c?bearer=hush", "http://[redacted]@a/b@c?bearer=[redacted]"),
        ("Via", "1.1 203.0.113.9", nil), ("Host", "203.0.113.9", "203.0.113.9"),
    ])
    func `fields that may hold secrets or addresses are left out`(_ name: String, _ value: String, _ expected: String?)
    {
        #expect(Self.redaction.redacted(value, of: name) == expected)
    }
}
