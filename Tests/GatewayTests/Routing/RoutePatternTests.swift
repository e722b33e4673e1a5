import Testing

@testable import Gateway
@testable import GatewaySettings

@Suite struct RoutePatternTests {
    private func matches(_ pattern: RoutePattern, _ path: String) -> Bool {
        Array(path.utf8).withUnsafeBytes { pattern.matches($0) }
    }

    @Test(arguments: [
        ("/", ["/"], ["", "/a", "*"]),
        ("/*", ["/", "/a", "/a/", "/a/b"], ["", "*"]),
        ("/a", ["/a"], ["/a/", "/b", "/A", "/aa"]),
        ("/a/", ["/a/"], ["/a", "/a/b"]),
        ("/a/*", ["/a", "/a/", "/a/b", "/a/b/c/"], ["/ab", "/", "/b/a"]),
        ("/{x}", ["/a", "/a%2Fb"], ["/", "/a/", "/a/b"]),
        ("/a/{x}/c", ["/a/b/c"], ["/a//c", "/a/b", "/a/b/c/", "/a/b/d"]),
        ("/{x}/*", ["/a", "/a/", "/a/b/c"], ["/"]),
        ("/%7euser", ["/~user"], []),
        ("/café au lait", ["/caf%C3%A9%20au%20lait"], []),
        ("/a%2fb", ["/a%2Fb"], ["/a/b"]),
    ])
    func `a pattern matches exactly its paths`(pattern: String, taken: [String], refused: [String]) throws {
        let compiled = try RoutePattern(pattern)
        for path in taken { #expect(matches(compiled, path), "\(path)") }
        for path in refused { #expect(!matches(compiled, path), "\(path)") }
    }

    @Test(arguments: [
        "", "a", "a/b", "//", "/a//b", "/a/../b", "/./a", "/%2e%2e", "/*/a", "/a*", "/**", "/{}", "/{a", "/a}", "/{a}b",
        "/{a b}", "/{x}/{x}", "/{rest}/*", "/a\\b", "/%", "/a?b", "/a#b", "/..;x", "/a/\u{301}/../b",
        // As Swift characters these are an accented asterisk and an accented brace.
        "/*\u{65D}", "/{a\u{301}}", "/a}\u{301}",
    ])
    func `ambiguous patterns are rejected`(pattern: String) {
        #expect(throws: RoutePattern.ParseError.self) { try RoutePattern(pattern) }
    }

    @Test func `parameters are listed in capture order`() throws {
        #expect(try RoutePattern("/{tenant}/users/{id}/*").parameters == ["tenant", "id"])
        #expect(try RoutePattern("/{rest}").parameters == ["rest"])
    }
}
