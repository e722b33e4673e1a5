import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

@Suite struct PathNormalizerTests {
    private func normalize(_ path: String) -> (PathNormalizer.Outcome, String) {
        normalize(Array(path.utf8))
    }

    private func normalize(_ path: [UInt8]) -> (PathNormalizer.Outcome, String) {
        var output = Array("left over".utf8)
        let outcome = path.withUnsafeBytes { PathNormalizer.normalize($0, into: &output) }
        return (outcome, String(decoding: output, as: UTF8.self))
    }

    @Test(arguments: [
        "/", "/a", "/a/", "/users/7/orders", "/.well-known/acme", "/...", "/a/..b", "/a/b..", "/a;x=1/b", "/a/b.;c",
        "/%2F", "/a%2Fb", "/a%5Cb", "/..%2Fb", "/%2F..", "/%20", "/%25", "/%252e%252e", "/caf%C3%A9", "/%0A",
        "/!$&'()*+,;=:@-._~", "/a|b^c`d\"<>[]{}",
    ])
    func `a path in normal form is unchanged`(path: String) {
        #expect(normalize(path).0 == .unchanged)
    }

    @Test(arguments: [
        ("", "/"), ("//", "/"), ("/a//b", "/a/b"), ("/a///", "/a/"), ("/.", "/"), ("/./", "/"), ("/a/.", "/a/"),
        ("/a/./b", "/a/b"), ("/a/..", "/"), ("/a/../", "/"), ("/a/b/..", "/a/"), ("/a/b/../c", "/a/c"),
        ("/a/b/../../c", "/c"), ("/%7Euser", "/~user"), ("/%41%5a", "/AZ"), ("/%2d%2E%5F", "/-._"),
        ("/a%2fb", "/a%2Fb"), ("/%c3%a9", "/%C3%A9"), ("/a%5cb", "/a%5Cb"), ("/a/%2e%2E/b", "/b"), ("/a/%2e/b", "/a/b"),
        ("/a/.%2e", "/"), ("/a//../b", "/b"), ("/a/b//..//c", "/a/c"), ("/a/%2e%2e%2fb/..", "/a/"),
        ("/.well-known//x", "/.well-known/x"), ("/%2ewell-known", "/.well-known"),
    ])
    func `a path is rewritten to its normal form`(path: String, expected: String) {
        let (outcome, output) = normalize(path)
        #expect(outcome == .rewritten)
        #expect(output == expected)
    }

    @Test(arguments: [
        ("a", PathNormalizer.Reason.notAbsolute), ("*", .notAbsolute), ("%2Fa", .notAbsolute),
        ("/..", .aboveRoot), ("/../a", .aboveRoot), ("/a/../..", .aboveRoot), ("/%2e%2e", .aboveRoot),
        ("//..", .aboveRoot),
        ("/./..", .aboveRoot), ("/a/../../b", .aboveRoot),
        ("/a\\b", .backslash), ("/\\", .backslash),
        ("/%00", .nul), ("/a%00b", .nul),
        ("/%", .brokenEscape), ("/%2", .brokenEscape), ("/%zz", .brokenEscape), ("/%2g", .brokenEscape),
        ("/a%", .brokenEscape),
        ("/a/..;/b", .dotSegmentWithParameter), ("/..;", .dotSegmentWithParameter),
        ("/.;x/b", .dotSegmentWithParameter),
        ("/a/%2e%2e;/b", .dotSegmentWithParameter), ("/a/%2e;", .dotSegmentWithParameter),
        ("/a/..%3b/b", .dotSegmentWithParameter), ("/a/.%3B", .dotSegmentWithParameter),
        ("/a//..;x=1", .dotSegmentWithParameter),
        ("/a b", .forbiddenByte(0x20)), ("/a\u{9}", .forbiddenByte(9)), ("/a\r\n", .forbiddenByte(13)),
        ("/\u{7F}", .forbiddenByte(0x7F)), ("/é", .forbiddenByte(0xC3)), ("/a#b", .forbiddenByte(0x23)),
        ("/\u{0}", .forbiddenByte(0)),
    ])
    func `a path that two servers may read differently is rejected`(path: String, reason: PathNormalizer.Reason) {
        #expect(normalize(path).0 == .invalid(reason))
    }

    @Test func `normalization is idempotent and leaves nothing dangerous`() {
        var random = SplitMix64(seed: 1)
        let pieces = [
            "/", "/", "/", ".", ".", "%2e", "%2E", "a", "B", "%41", "%7e", "%2f", "%2F", "%5c", "%25", "2e", ";", "%3b",
            "é",
            "~", "-", "%c3", "%", "\\", "%00", "*", "{x}",
        ]
        var accepted = 0
        for _ in 0..<100_000 {
            let weight = Int.random(in: 1...12, using: &random)
            let choices = Bool.random(using: &random) ? pieces.count : 18
            let path = "/" + (0..<weight).map { _ in pieces[Int.random(in: 0..<choices, using: &random)] }.joined()
            var (outcome, output) = normalize(path)
            if case .invalid = outcome { continue }
            accepted += 1
            if outcome == .unchanged { output = path }
            #expect(normalize(output).0 == .unchanged, "\(path) → \(output)")
            #expect(output.first == "/" && !output.contains("//") && !output.contains("\\"), "\(path) → \(output)")
            let segments = output.split(separator: "/", omittingEmptySubsequences: false)
            #expect(!segments.contains(".") && !segments.contains(".."), "\(path) → \(output)")
        }
        #expect(accepted > 10_000)
    }

    @Test func `random bytes never trap, and what is accepted is printable ASCII`() {
        var random = SplitMix64(seed: 2)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...8, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            var output: [UInt8] = []
            let outcome = ([0x2F] + bytes).withUnsafeBytes { PathNormalizer.normalize($0, into: &output) }
            switch outcome {
            case .unchanged: #expect(bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            case .rewritten: #expect(output.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            case .invalid: break
            }
        }
    }
}
