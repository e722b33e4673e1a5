import Testing

@testable import Gateway
@testable import GatewayCore

/// Compares the router with a simple implementation of the rules that looks at every route and compares text.
@Suite struct RouterReferenceTests {
    @Test func `random requests reach the same routes as in the simple implementation`() throws {
        var random = SplitMix64(seed: 7)
        var seen: [String: Int] = [:]
        for _ in 0..<3_000 {
            let routes = (0..<Int.random(in: 1...14, using: &random)).map { _ in randomRoute(&random) }
            let router = try Router(routes: routes.enumerated().map { (match: $1, plan: String($0)) })
            for _ in 0..<12 {
                let request = randomRequest(&random)
                let expected = reference(routes, request)
                #expect(outcome(router, request) == expected, "\(request) of \(routes)")
                seen[String(expected.prefix(3)), default: 0] += 1
            }
        }
        #expect(seen["404", default: 0] > 1_000 && seen["405", default: 0] > 1_000)
    }

    private func randomRoute(_ random: inout SplitMix64) -> RouteMatch {
        let hosts = ["a.com", "*.a.com", "b.a.com", "*.com", "*.b.a.com"]
        let segments = ["a", "b", "{x}", "c"]
        var path = ""
        for place in 0..<Int.random(in: 0...3, using: &random) {
            let segment = segments[Int.random(in: 0..<segments.count, using: &random)]
            path += "/" + (segment == "{x}" ? "{x\(place)}" : segment)
        }
        let endings = path.isEmpty ? ["/", "/*"] : ["", "/", "/*", ""]
        path += endings[Int.random(in: 0..<endings.count, using: &random)]
        let methods = ["GET", "HEAD", "POST", "PURGE"].filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        func maybe(_ conditions: [String: String]) -> [String: String] {
            conditions.filter { _ in Int.random(in: 0..<6, using: &random) == 0 }
        }
        return RouteMatch(
            hosts: hosts.filter { _ in Int.random(in: 0..<6, using: &random) == 0 },
            path: path,
            methods: methods,
            headers: maybe(["x-a": "1", "x-b": "*"]),
            query: maybe(["q": "1", "r": "*"])
        )
    }

    private func randomRequest(_ random: inout SplitMix64) -> TestRequest {
        let hosts = ["a.com", "B.a.com:80", "c.b.a.com", "x.com.", "com", "x.org", "[::1]"]
        let methods = ["GET", "HEAD", "POST", "PURGE", "PUT"]
        let queries = ["", "q=1", "q=2&r", "r=&q=1"]
        let path = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            "/" + ["a", "b", "c", "d"][Int.random(in: 0..<4, using: &random)]
        }
        var request = TestRequest(
            path.joined() + (Int.random(in: 0..<4, using: &random) == 0 ? "/" : ""),
            method: methods[Int.random(in: 0..<methods.count, using: &random)],
            host: hosts[Int.random(in: 0..<hosts.count, using: &random)],
            query: queries[Int.random(in: 0..<queries.count, using: &random)]
        )
        if Int.random(in: 0..<20, using: &random) == 0 { request.path = "/" }
        if Bool.random(using: &random) { request.headers.append(("X-A", "1")) }
        if Bool.random(using: &random) { request.headers.append(("X-B", "2")) }
        return request
    }

    // MARK: The simple implementation

    private struct Fit {
        var index: Int
        var host: Int
        var path: [Int]
        var rank: [Int]
        var namesHead: Bool
        var takes: Bool
        var asGet: Bool
    }

    private func reference(_ routes: [RouteMatch], _ request: TestRequest) -> String {
        let fits = routes.indices.compactMap { fit(routes[$0], $0, request) }
        let takers = fits.filter { fit in
            if fit.takes { return true }
            guard fit.asGet else { return false }
            return !fits.contains { $0.namesHead && $0.host == fit.host && $0.path == fit.path }
        }
        let best = takers.min { left, right in
            if left.host != right.host { return left.host > right.host }
            return (left.path + left.rank).lexicographicallyPrecedes(right.path + right.rank)
        }
        if let best { return String(best.index) }
        var allow = Set(fits.flatMap { routes[$0.index].methods })
        if allow.contains("GET") { allow.insert("HEAD") }
        return allow.isEmpty ? "404" : "405 " + allow.sorted().joined(separator: ", ")
    }

    /// Nil if anything other than the method does not match.
    private func fit(_ route: RouteMatch, _ index: Int, _ request: TestRequest) -> Fit? {
        var name = request.host.lowercased()
        if name.hasSuffix(":80") { name.removeLast(3) }
        if name.hasSuffix(".") { name.removeLast() }
        let hosts =
            route.hosts.isEmpty
            ? [0]
            : route.hosts.compactMap { host -> Int? in
                if host == name { return 1_000 }
                return host.hasPrefix("*") && name.hasSuffix(host.dropFirst()) ? host.count : nil
            }
        guard let host = hosts.max(), let path = pathRank(route.path, request.path) else { return nil }
        for (name, value) in route.headers {
            guard
                request.headers.contains(where: { $0.name.lowercased() == name && (value == "*" || $0.value == value) })
            else { return nil }
        }
        let query = request.query.split(separator: "&").map { $0.split(separator: "=").map(String.init) }
        for (name, value) in route.query {
            guard query.contains(where: { $0[0] == name && (value == "*" || $0.last == value) }) else { return nil }
        }
        return Fit(
            index: index,
            host: host,
            path: path,
            rank: [-(route.headers.count + route.query.count), route.methods.isEmpty ? 1 : 0, index],
            namesHead: request.method == "HEAD" && route.methods.contains("HEAD"),
            takes: route.methods.isEmpty || route.methods.contains(request.method),
            asGet: request.method == "HEAD" && route.methods.contains("GET")
        )
    }

    /// Per segment 1 (literal), 2 (parameter) or 3 (rest), with 0 for the end; nil if the path does not match.
    private func pathRank(_ pattern: String, _ path: String) -> [Int]? {
        var rank: [Int] = []
        var wanted = pattern.split(separator: "/", omittingEmptySubsequences: false)[...]
        var given = path.split(separator: "/", omittingEmptySubsequences: false)[...]
        while true {
            if wanted.count == 1, wanted.first == "*" { return rank + [3] }
            guard let want = wanted.popFirst() else { return given.isEmpty ? rank + [0] : nil }
            guard let got = given.popFirst() else { return nil }
            if want.hasPrefix("{") {
                if got.isEmpty { return nil }
                rank.append(2)
            } else {
                if want != got { return nil }
                rank.append(1)
            }
        }
    }
}
