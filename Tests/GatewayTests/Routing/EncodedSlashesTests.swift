import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

@Suite struct EncodedSlashesTests {
    private func readings(_ path: String) -> Set<String>? {
        Array(path.utf8).withUnsafeBytes { EncodedSlashes.readings(of: $0) }
            .map { Set($0.map { String(decoding: $0, as: UTF8.self) }) }
    }

    @Test(
        arguments: [
            ("/group%2Fproject", ["/group/project"]),
            ("/group%5Cproject", ["/group/project"]),
            ("/%2Fadmin/x", ["/admin/x"]),
            ("/admin%2F", ["/admin/"]),
            ("/a%252Fb%2Fc", ["/a%252Fb/c"]),
            ("/a%2F.%2Fb", ["/a/b", "/a/./b"]),
            ("/a/..%2Fb", ["/b", "/a/../b"]),
            // Servers merge slashes before or after they resolve "..".
            ("/a/b%2F%2F..%2Fc", ["/a/c", "/a/b/c", "/a/b/../c"]),
            ("/a%2F..", ["/", "/a/.."]),
            ("/a%2Fb%5Cc", ["/a/b/c", "/a/b%5Cc", "/a%2Fb/c"]),
        ] as [(String, Set<String>)]
    )
    func `all ways to read a path are found`(path: String, expected: Set<String>) {
        #expect(readings(path) == expected)
    }

    @Test(arguments: [
        "/..%2Fb", "/%2F..%2Fb", "/a%2F..%2F..", "/..%5Cb", "/a%5C..%2F..%2Fb", "/a%2F..;%2Fb", "/a%5C.;x",
        "/a%2F..%3Bx%2Fb",
    ])
    func `paths that may leave the root or lose a parameter are detected`(path: String) {
        #expect(readings(path) == nil)
    }

    @Test(arguments: [
        ("/a/b%2Fc", false), ("/a%2F..%2Fb", false), ("/..%2Fa", true), ("/a%2F..%2F..%2Fb", true), ("..%2F", true),
        ("%2F..", true), ("a%5Cb/..%2F..%2F..", true), ("a%5Cb%2F..%2F..", true), ("a%5Cb%5C..%5C..", false),
    ])
    func `a part of a path that leaves its segment is detected`(part: String, climbs: Bool) {
        #expect(Array(part.utf8).withUnsafeBytes { EncodedSlashes.climb(in: $0) } == climbs)
    }

    @Test func `random paths are accepted only if every server reads a path of the same route`() throws {
        var random = SplitMix64(seed: 11)
        var accepted = 0
        var refused = 0
        for _ in 0..<300 {
            let routes = (0..<Int.random(in: 1...8, using: &random)).map { _ in self.randomRoute(&random) }
            let router = try Router(routes: routes.enumerated().map { (match: $1, plan: String($0)) })
            for _ in 0..<20 {
                guard let request = self.randomRequest(&random) else { continue }
                let (agrees, staysInside) = request.withBytes { bytes in
                    var captures = PathCaptures()
                    _ = router.route(bytes, captures: &captures)
                    let taken = (captures.parameters + [captures.rest].compactMap(\.self)).map { bytes.path[$0.range] }
                    let agrees = EncodedSlashes.agree(in: bytes.path, captures) { path in
                        var bytes = bytes
                        bytes.path = path
                        return router.choice(for: bytes)
                    }
                    return (agrees, !taken.contains { EncodedSlashes.climb(in: UnsafeRawBufferPointer(rebasing: $0)) })
                }
                func choice(_ path: String) -> String {
                    var seen = request
                    seen.path = path
                    let found = outcome(router, seen)
                    guard found.hasPrefix("40") else { return found }
                    return routes.contains { Self.covers($0, seen) } ? "refused" : "no path"
                }
                let isSafe = Self.pathsSeen(request.path).allSatisfy { path in
                    guard let seen = path.map(choice) else { return false }
                    return seen == choice(request.path) || seen == "no path" && staysInside
                }
                #expect(agrees == isSafe, "\(request) of \(routes)")
                if agrees { accepted += 1 } else { refused += 1 }
            }
        }
        #expect(accepted > 150 && refused > 150)
    }

    // MARK: Random routes and requests

    private func randomRoute(_ random: inout SplitMix64) -> RouteMatch {
        var path = ""
        for place in 0..<Int.random(in: 0...2, using: &random) {
            path += "/" + ["a", "b", "{x\(place)}"][Int.random(in: 0..<3, using: &random)]
        }
        let endings = path.isEmpty ? ["/", "/*"] : ["", "/", "/*", "/*"]
        path += endings[Int.random(in: 0..<endings.count, using: &random)]
        return RouteMatch(
            hosts: Int.random(in: 0..<4, using: &random) == 0 ? ["a.com"] : [],
            path: path,
            methods: Int.random(in: 0..<4, using: &random) == 0 ? ["POST"] : [],
            headers: Int.random(in: 0..<6, using: &random) == 0 ? ["x-a": "*"] : [:]
        )
    }

    private func randomRequest(_ random: inout SplitMix64) -> TestRequest? {
        let pieces = ["a", "b", "/", "%2F", "%2F", "%5C", "..", ".", "%2e", "%252F", ";"]
        let written = (0..<Int.random(in: 1...7, using: &random)).map { _ in
            pieces[Int.random(in: 0..<pieces.count, using: &random)]
        }
        let path = Array(("/" + written.joined()).utf8)
        var normal: [UInt8] = []
        switch path.withUnsafeBytes({ PathNormalizer.normalize($0, into: &normal) }) {
        case .unchanged: normal = path
        case .rewritten: break
        case .invalid: return nil
        }
        var request = TestRequest(
            String(decoding: normal, as: UTF8.self),
            method: Bool.random(using: &random) ? "GET" : "POST",
            host: Bool.random(using: &random) ? "a.com" : "b.com"
        )
        if Bool.random(using: &random) { request.headers.append(("X-A", "1")) }
        return request
    }

    // MARK: How servers read a path, by comparing text

    private static func covers(_ route: RouteMatch, _ request: TestRequest) -> Bool {
        let isPath = (try? RoutePattern(route.path)).map { pattern in
            Array(request.path.utf8).withUnsafeBytes { pattern.matches($0) }
        }
        return isPath == true && (route.hosts.isEmpty || route.hosts.contains(request.host))
    }

    /// Each path, or nil if the gateway would not accept it from a client.
    private static func pathsSeen(_ path: String) -> [String?] {
        [["%2F"], ["%5C"], ["%2F", "%5C"]].flatMap { escapes -> [String?] in
            var rest = path[...]
            var decoded = ""
            while let first = rest.first {
                if let escape = escapes.first(where: rest.hasPrefix) {
                    decoded += "/"
                    rest = rest.dropFirst(escape.count)
                } else {
                    decoded.append(first)
                    rest = rest.dropFirst()
                }
            }
            let segments = decoded.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
            let merged = segments.enumerated().filter { !$1.isEmpty || $0 == segments.count - 1 }.map(\.element)
            let hasParameter = segments.contains { segment in
                [".;", "..;", ".%3B", "..%3B"].contains(where: segment.hasPrefix)
            }
            if hasParameter { return [nil] }
            let paths = [Self.resolve(merged), Self.resolve(segments), merged]
            return paths.map { segments in
                guard let segments else { return nil }
                let kept = segments.enumerated().filter { !$1.isEmpty || $0 == segments.count - 1 }.map(\.element)
                return "/" + kept.joined(separator: "/")
            }
        }
    }

    private static func resolve(_ segments: [String]) -> [String]? {
        var resolved: [String] = []
        for (index, segment) in segments.enumerated() {
            if segment == ".." {
                if resolved.isEmpty { return nil }
                resolved.removeLast()
            }
            if segment != ".", segment != ".." {
                resolved.append(segment)
            } else if index == segments.count - 1 {
                resolved.append("")
            }
        }
        return resolved
    }
}
