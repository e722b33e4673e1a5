import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct RouterTests {
    @Test func `the most specific route wins, whatever the order`() throws {
        let router = try lettered(
            RouteMatch(path: "/*"),
            RouteMatch(path: "/users/{id}"),
            RouteMatch(path: "/users/me"),
            RouteMatch(path: "/users/*"),
            RouteMatch(hosts: ["*.example.org"], path: "/*"),
            RouteMatch(hosts: ["a.example.org"], path: "/only")
        )
        #expect(outcome(router, TestRequest("/users/me")) == "c")
        #expect(outcome(router, TestRequest("/users/7")) == "b")
        #expect(outcome(router, TestRequest("/users")) == "d")
        #expect(outcome(router, TestRequest("/users/7/x")) == "d")
        #expect(outcome(router, TestRequest("/x")) == "a")
        #expect(outcome(router, TestRequest("/users/me", host: "b.example.org")) == "e")
        #expect(outcome(router, TestRequest("/only", host: "a.example.org:80")) == "f")
        #expect(outcome(router, TestRequest("/users/me", host: "A.example.org.")) == "e")
        #expect(outcome(router, TestRequest("*", method: "OPTIONS")) == "404")
    }

    @Test func `a trailing slash makes another path`() throws {
        let router = try lettered(RouteMatch(path: "/a"), RouteMatch(path: "/b/"), RouteMatch(path: "/c/*"))
        #expect(outcome(router, TestRequest("/a/")) == "404")
        #expect(outcome(router, TestRequest("/b")) == "404")
        #expect(outcome(router, TestRequest("/c")) == "c")
        #expect(outcome(router, TestRequest("/c/")) == "c")
    }

    @Test func `routes with more conditions go first, then those with methods`() throws {
        let router = try lettered(
            RouteMatch(path: "/x"),
            RouteMatch(path: "/x", methods: ["GET"]),
            RouteMatch(path: "/x", headers: ["X-Version": "2"]),
            RouteMatch(path: "/x", headers: ["x-version": "*"], query: ["debug": "1"]),
            RouteMatch(path: "/x", methods: ["GET"])
        )
        #expect(outcome(router, TestRequest("/x")) == "b")
        #expect(outcome(router, TestRequest("/x", method: "POST")) == "a")
        #expect(outcome(router, TestRequest("/x", headers: [("X-VERSION", "2")])) == "c")
        #expect(outcome(router, TestRequest("/x", headers: [("X-Version", "1"), ("X-Version", "2")])) == "c")
        #expect(outcome(router, TestRequest("/x", headers: [("X-Version", "3")])) == "b")
        var both = TestRequest("/x", headers: [("X-Version", "3")])
        both.query = "debug=1"
        #expect(outcome(router, both) == "d")
    }

    @Test func `if a route does not match, the next best is tried, across hosts too`() throws {
        let router = try lettered(
            RouteMatch(hosts: ["a.com"], path: "/x", methods: ["POST"]),
            RouteMatch(path: "/{y}", methods: ["DELETE"]),
            RouteMatch(hosts: ["*.com"], path: "/*", headers: ["X-Key": "*"]),
            RouteMatch(path: "/*", methods: ["GET"])
        )
        #expect(outcome(router, TestRequest("/x", method: "POST", host: "a.com")) == "a")
        #expect(outcome(router, TestRequest("/x", method: "DELETE", host: "a.com")) == "b")
        #expect(outcome(router, TestRequest("/x", method: "GET", host: "a.com")) == "d")
        #expect(outcome(router, TestRequest("/x", method: "PUT", host: "a.com")) == "405 DELETE, GET, HEAD, POST")
        #expect(outcome(router, TestRequest("/x/y", method: "PUT", host: "a.com")) == "405 GET, HEAD")
    }

    @Test func `a 405 means that only another method would match`() throws {
        let router = try lettered(
            RouteMatch(path: "/x", methods: ["POST"], headers: ["X-Key": "1"]),
            RouteMatch(path: "/y", methods: ["PURGE", "BAN"])
        )
        #expect(outcome(router, TestRequest("/x")) == "404")
        #expect(outcome(router, TestRequest("/x", headers: [("x-key", "1")])) == "405 POST")
        #expect(outcome(router, TestRequest("/y", method: "BAN")) == "b")
        #expect(outcome(router, TestRequest("/y", method: "ban")) == "405 BAN, PURGE")
        #expect(outcome(router, TestRequest("/z")) == "404")
    }

    @Test func `GET includes HEAD unless another route of the same path lists it`() throws {
        let router = try lettered(
            RouteMatch(path: "/a", methods: ["GET"]),
            RouteMatch(path: "/b", methods: ["GET"]),
            RouteMatch(path: "/b", methods: ["HEAD"]),
            RouteMatch(path: "/*", methods: ["HEAD"]),
            RouteMatch(path: "/c", methods: ["GET"], headers: ["X-Key": "*"]),
            RouteMatch(path: "/c", methods: ["HEAD"]),
            RouteMatch(path: "/d"),
            RouteMatch(path: "/d", methods: ["GET"])
        )
        #expect(outcome(router, TestRequest("/a", method: "HEAD")) == "a")
        #expect(outcome(router, TestRequest("/b", method: "HEAD")) == "c")
        #expect(outcome(router, TestRequest("/x", method: "HEAD")) == "d")
        var keyed = TestRequest("/c", headers: [("X-Key", "1")])
        #expect(outcome(router, keyed) == "e")
        keyed.method = "HEAD"
        #expect(outcome(router, keyed) == "f")
        #expect(outcome(router, TestRequest("/d", method: "HEAD")) == "h")
    }

    @Test func `captures belong to the matched route`() throws {
        let router = try lettered(
            RouteMatch(path: "/{a}/{b}/{c}", methods: ["POST"]),
            RouteMatch(path: "/{a}/*")
        )
        var captures = PathCaptures()
        for _ in 0..<2 {
            TestRequest("/one/two/three").withBytes { _ = router.route($0, captures: &captures) }
            #expect(captures.parameters == [PathCaptures.Span(offset: 1, length: 3)])
            #expect(captures.rest == PathCaptures.Span(offset: 5, length: 9))
        }
        TestRequest("one").withBytes { _ = router.route($0, captures: &captures) }
        #expect(captures == PathCaptures())
    }

    @Test func `all errors of all routes are reported together`() {
        let routes = [
            RouteMatch(hosts: ["a b", "ok", "*x"], path: "a"),
            RouteMatch(path: "/ok"),
            RouteMatch(
                path: "/{",
                methods: ["GE T", "TRACE"],
                headers: ["": "1", "A": "1", "a": "2"],
                query: ["": "1"]
            ),
        ]
        do {
            _ = try Router(routes: routes.map { (match: $0, plan: 0) })
            Issue.record("accepted")
        } catch {
            let found = error.problems.map { "\($0.route) \($0.key)" }
            #expect(
                found == [
                    "0 hosts", "0 hosts", "0 path", "2 methods", "2 methods", "2 match_headers", "2 match_headers",
                    "2 match_query", "2 path",
                ]
            )
        }
    }

    @Test func `each route that does not match is explained`() throws {
        let router = try lettered(
            RouteMatch(path: "/x"),
            RouteMatch(hosts: ["a.com"], path: "/x"),
            RouteMatch(path: "/y"),
            RouteMatch(path: "/x", methods: ["POST"]),
            RouteMatch(path: "/x", headers: ["X-Key": "1"]),
            RouteMatch(path: "/x", query: ["debug": "*"]),
            RouteMatch(path: "/*")
        )
        let explained = TestRequest("/x").withBytes { router.explain($0) }
        let expected: [RouteRejection] = [
            .host, .path, .method, .header("x-key"), .query("debug"), .lessSpecific(than: 0),
        ]
        #expect(explained.map(\.route) == [1, 2, 3, 4, 5, 6])
        #expect(explained.map(\.rejection) == expected)
    }

    @Test func `a look-up costs the same among ten thousand routes`() throws {
        let visits = try [10, 10_000].map { count in
            let routes = (0..<count).map { number in
                (match: RouteMatch(hosts: ["h\(number).example.com"], path: "/v\(number)/users/{id}"), plan: number)
            }
            let router = try Router(routes: routes)
            var captures = PathCaptures()
            var visited = 0
            TestRequest("/v7/users/1", host: "h7.example.com").withBytes { request in
                _ = router.route(request, captures: &captures, visited: &visited)
            }
            return visited
        }
        #expect(visits == [4, 4])
    }
}
