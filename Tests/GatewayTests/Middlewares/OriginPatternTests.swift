import Testing

@testable import GatewayMiddlewares

struct OriginPatternTests {
    @Test(
        arguments: [
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://a.example:8443", false),
            ("https://a.example", "https://a.example.evil.example", false),
            ("https://a.example", "https://a.exampl", false),
            ("https://a.example", "", false),
            ("https://a.example", "null", false),
            ("https://A.Example", "https://a.example", true),
            ("HTTPS://a.example:443", "https://a.example", true),
            ("http://a.example:80", "http://a.example", true),
            ("http://a.example:443", "http://a.example:443", true),
            ("https://a.example", "https://A.example", false),
            ("https://a.example", "https://a.example/", false),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop", true),
            ("capacitor://localhost", "capacitor://localhost", true),
            ("null", "null", true),
            ("null", "https://a.example", false),
            ("*", "https://a.example", true),
            ("*", "null", true),
        ]
    )
    func `an origin is compared as browsers write it`(pattern: String, origin: String, matches: Bool) throws {
        #expect(try OriginPattern(pattern).includes(origin) == matches)
    }

    @Test(
        arguments: [
            ("https://a.example.com", true), ("https://a.b.example.com", true), ("https://a-1_x.example.com", true),
            ("https://example.com", false), ("https://.example.com", false), ("https://a..example.com", false),
            ("https://evilexample.com", false), ("https://a.example.com:8443", false),
            ("http://a.example.com", false), ("https://evil.example/.example.com", false),
            ("https://evil.example:1.example.com", false), ("https://evil.example?.example.com", false),
            ("https://evil.example#.example.com", false), ("https://user@.example.com", false),
            ("https://a\u{0}.example.com", false), ("https://A.example.com", false), ("https://é.example.com", false),
            ("https://a.example.com.evil.example", false), ("null", false), ("", false), ("https://", false),
        ]
    )
    func `a wildcard stands for labels below the domain`(origin: String, matches: Bool) throws {
        #expect(try OriginPattern("https://*.example.com").includes(origin) == matches)
    }

    @Test(
        arguments: [
            ("http://localhost", true), ("http://localhost:3000", true), ("http://localhost:65535", true),
            ("http://localhost:", false), ("http://localhost:300000", false), ("http://localhost:3000x", false),
            ("http://localhost.evil.example", false), ("http://localhost:80@evil.example", false),
            ("https://localhost:3000", false), ("http://127.0.0.1:3000", false),
        ]
    )
    func `a wildcard stands for any port`(origin: String, matches: Bool) throws {
        #expect(try OriginPattern("http://localhost:*").includes(origin) == matches)
    }

    @Test func `a wildcard may have a port`() throws {
        #expect(try OriginPattern("https://*.example.com:8443").includes("https://a.example.com:8443"))
        #expect(try !OriginPattern("https://*.example.com:8443").includes("https://a.example.com"))
        #expect(try OriginPattern("https://*.example.com:443").includes("https://a.example.com"))
    }

    @Test(
        arguments: [
            ("https://a.example/", "write \"https://a.example\""),
            ("https://a.example/app?x", "write \"https://a.example\""),
            ("https://*.a.example/", "write \"https://*.a.example\""),
            ("http://localhost:*/", "write \"http://localhost:*\""),
            ("a.example", "write \"https://a.example\""),
            ("a.example:8443", "write \"https://a.example:8443\""),
            ("*.a.example", "write \"https://*.a.example\""),
            ("//a.example", "write \"https://a.example\""),
            ("https://", "write \"https://app.example.com\""),
            ("https:///", "write \"https://app.example.com\""),
            ("", "write \"https://app.example.com\""),
            ("https://*", "write \"https://app.example.com\""),
            ("https://a.*.example", "write \"https://app.example.com\""),
            ("https://*.a.example:*", "write \"https://app.example.com\""),
            ("https://a.example:99999", "write \"https://app.example.com\""),
            ("https://user@a.example", "write \"https://app.example.com\""),
            ("NULL", "write \"null\""),
            (
                "https://bücher.example",
                "write the host as browsers send it, with labels such as \"xn--bcher-kva\""
            ),
        ]
    )
    func `a mistake comes with a suggestion`(text: String, suggestion: String) {
        #expect(throws: OriginPattern.Mistake.self) { try OriginPattern(text) }
        do throws(OriginPattern.Mistake) {
            _ = try OriginPattern(text)
        } catch {
            #expect(error.suggestion == suggestion)
        }
    }
}

extension OriginPattern {
    fileprivate func includes(_ origin: String) -> Bool {
        Array(origin.utf8).withUnsafeBytes { self.matches($0) }
    }
}
