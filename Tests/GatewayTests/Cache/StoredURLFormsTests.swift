import Testing

@testable import GatewayCache
@testable import GatewayHTTP

@Suite struct StoredURLFormsTests {
    @Test func `without rules, a URL and a prefix stand for themselves`() {
        let forms = StoredURLForms()
        #expect(forms.forms(of: CacheURL(text: "//a.example/p?q")).map(\.text) == ["//a.example/p?q"])
        let prefix = Purge(.prefix("//a.example/p"))
        #expect(forms.forms(of: prefix) == [prefix])
    }

    @Test func `a URL stands for its queries, with its host and without it`() {
        let rules = [QueryRules(ignored: ["utm_*"]), QueryRules(ignored: ["u*"]), QueryRules(ignored: ["z"])]
        let forms = StoredURLForms(queries: rules, hasURLsWithoutHost: true)
        #expect(
            forms.forms(of: Purge(.url("//a.example:81/p?b=1&utm_x=1"), isSoft: true)) == [
                Purge(.url("//a.example:81/p?b=1&utm_x=1"), isSoft: true),
                Purge(.url("//a.example:81/p?b=1"), isSoft: true),
                Purge(.url("///p?b=1&utm_x=1"), isSoft: true), Purge(.url("///p?b=1"), isSoft: true),
            ]
        )
    }

    @Test(arguments: [
        ("//a.example/p/", "///p/"), ("//a.example/", "///"), ("//a.exam", "///"), ("//[::1]:81/p?q=/", "///p?q=/"),
        // No URL has a query without a path.
        ("//a.example?q=/", "//?q=/"),
    ])
    func `a prefix stands for what all hosts share too`(_ prefix: String, _ shared: String) {
        let forms = StoredURLForms(hasURLsWithoutHost: true)
        #expect(
            forms.forms(of: Purge(.prefix(prefix), isSoft: true)) == [
                Purge(.prefix(prefix), isSoft: true), Purge(.prefix(shared), isSoft: true),
            ]
        )
    }

    @Test(arguments: [Purge.Subject.all, .route("r"), .tag("t")])
    func `other purges stay`(_ subject: Purge.Subject) {
        let forms = StoredURLForms(queries: [QueryRules(isSorted: true)], hasURLsWithoutHost: true)
        #expect(forms.forms(of: Purge(subject)) == [Purge(subject)])
    }

    @Test func `a request has the URL without a host that the form has`() {
        let url = Array("q=%7e".utf8).withUnsafeBytes { query in
            CacheURL(
                isSecure: true,
                authority: UnsafeRawBufferPointer(start: nil, count: 0),
                path: UnsafeRawBufferPointer("/p" as StaticString),
                query: query
            )
        }
        #expect(url == CacheURL(absolute: "https://a.example/p?q=~")?.withoutHost)
    }
}
