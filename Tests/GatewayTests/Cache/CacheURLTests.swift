import GatewayHTTP
import Testing

@testable import GatewayCache

@Suite struct CacheURLTests {
    @Test(arguments: [
        ("http://a.example/p", "//a.example/p"), ("HTTPS://A.Example/P", "//a.example/P"),
        ("https://a.example:443/", "//a.example/"), ("http://a.example:443/", "//a.example:443/"),
        ("http://a.example:80", "//a.example/"), ("http://a.example:/x", "//a.example/x"),
        ("http://a.example?q=1", "//a.example/?q=1"), ("http://a.example/p?", "//a.example/p"),
        ("http://a.example/a/./b/../c?x=/../y#f", "//a.example/a/c?x=/../y"),
        ("http://a.example/%7euser", "//a.example/~user"), ("http://[::1]:8080/p", "//[::1]:8080/p"),
        ("http://a.example/p?%7e=%41%2f%c3%A4&b", "//a.example/p?~=A%2F%C3%A4&b"),
        ("http://a.example/p?a=%&b=%4&c=%zz&d=%2", "//a.example/p?a=%&b=%4&c=%zz&d=%2"),
    ])
    func `writes absolute URLs in one form`(_ url: String, _ form: String) {
        #expect(CacheURL(absolute: url)?.text == form)
    }

    @Test(arguments: [
        "", "/p", "//a.example/p", "a.example/p", "ftp://a.example/p", "http:/a.example", "http:///p",
        "http://u@a.example/p",
        "http://a b/", "http://a.example/%00",
    ])
    func `takes nothing but absolute URLs of HTTP`(_ url: String) {
        #expect(CacheURL(absolute: url) == nil)
    }

    @Test(arguments: [
        ("https://A.example/images/", "//a.example/images/"), ("http://a.exam", "//a.exam"),
        ("http://a.example:80", "//a.example:80"), ("http://a.example:80/", "//a.example/"),
        ("http://a.example/p?q=", "//a.example/p?q="),
        ("http://a.example/%7eu/p?q=%", "//a.example/~u/p?q=%"),
    ])
    func `keeps how a prefix ends`(_ prefix: String, _ form: String) {
        #expect(CacheURL.prefix(prefix) == form)
    }

    @Test(arguments: ["", "/p", "a.example", "http://", "file:///"])
    func `takes no prefix that no URL begins with`(_ prefix: String) {
        #expect(CacheURL.prefix(prefix) == nil)
    }

    @Test(
        arguments: [
            ("/c", "//a.example/c"), ("c", "//a.example/x/c"), ("./c", "//a.example/x/c"),
            ("../c?d", "//a.example/c?d"),
            ("?n=2", "//a.example/x/y?n=2"), ("", "//a.example/x/y?q"), ("#f", "//a.example/x/y?q"),
            ("https://A.example/c", "//a.example/c"), ("//a.example/c", "//a.example/c"), ("c:d/e", nil),
            ("./c:d", "//a.example/x/c:d"), ("http://b.example/c", nil), ("//b.example/c", nil),
            ("https://a.example:8443/c", nil), ("https://a.example.evil/c", nil), ("https://a.example@evil/c", nil),
        ] as [(String, String?)]
    )
    func `resolves references of the same origin`(_ reference: String, _ form: String?) throws {
        let base = try #require(CacheURL(absolute: "https://a.example/x/y?q"))
        #expect(base.resolving(Array(reference.utf8), isSecure: true)?.text == form)
    }

    @Test(
        arguments: [
            ("http://a.example/p?b=2&utm_x=1&a=1", "//a.example/p?a=1&b=2"),
            ("http://a.example/p?utm_x=1", "//a.example/p"),
            ("http://a.example/p?a=1", nil), ("http://a.example/p", nil),
        ] as [(String, String?)]
    )
    func `drops and sorts parameters as a route does`(_ url: String, _ form: String?) throws {
        let rules = QueryRules(ignored: ["utm_*"], isSorted: true)
        let absolute = try #require(CacheURL(absolute: url))
        #expect(absolute.applying(rules)?.text == form)
    }

    @Test(arguments: ["", "%", "a=%7", "b=%7e&a=%2f"])
    func `a request has the URL that names it`(_ query: String) throws {
        let url = Array(query.utf8).withUnsafeBytes { query in
            CacheURL(
                isSecure: false,
                authority: UnsafeRawBufferPointer("A.example:80" as StaticString),
                path: UnsafeRawBufferPointer("/p" as StaticString),
                query: query
            )
        }
        #expect(url == CacheURL(absolute: "http://a.example/p?\(query)#f"))
    }
}
