import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct PathTrieTests {
    private func trie(_ patterns: [String]) throws -> PathTrie {
        var builder = PathTrieBuilder()
        let root = builder.addRoot()
        for pattern in patterns { _ = builder.insert(try RoutePattern(pattern), root: root) }
        return PathTrie(builder)
    }

    /// The patterns that match `path`, in the order in which they are tried.
    private func walk(_ patterns: [String], _ path: String) throws -> (order: [String], visited: Int) {
        let trie = try trie(patterns)
        var captures = PathCaptures()
        var visited = 0
        var order: [String] = []
        Array(path.utf8).withUnsafeBytes { bytes in
            _ = trie.walk(bytes, root: 0, captures: &captures, visited: &visited) { leaf in
                order.append(patterns[leaf])
                return false
            }
        }
        #expect(captures == PathCaptures())
        return (order, visited)
    }

    @Test(arguments: [
        ("/a/b", ["/a/b", "/a/{y}", "/a/*", "/{x}/b", "/{x}/{y}", "/{x}/*", "/*"]),
        ("/a/c", ["/a/{y}", "/a/*", "/{x}/{y}", "/{x}/*", "/*"]),
        ("/c/b", ["/{x}/b", "/{x}/{y}", "/{x}/*", "/*"]),
        ("/a", ["/a", "/a/*", "/{x}/*", "/*"]),
        ("/a/", ["/a/*", "/{x}/*", "/*"]),
        ("/", ["/", "/*"]),
        ("/a/b/c", ["/a/*", "/{x}/*", "/*"]),
    ])
    func `from the left, literals are tried before parameters, and these before the rest`(
        path: String,
        expected: [String]
    ) throws {
        let patterns = ["/*", "/{x}/*", "/{x}/{y}", "/{x}/b", "/a/*", "/a/{y}", "/a/b", "/a", "/"]
        #expect(try walk(patterns, path).order == expected)
    }

    @Test func `patterns that differ only in parameter names share a leaf`() throws {
        var builder = PathTrieBuilder()
        let root = builder.addRoot()
        #expect(builder.insert(try RoutePattern("/{a}/x"), root: root) == 0)
        #expect(builder.insert(try RoutePattern("/{b}/x"), root: root) == 0)
        #expect(builder.insert(try RoutePattern("/{b}/x/*"), root: root) == 1)
    }

    @Test func `only the captures of the accepted leaf are returned`() throws {
        let trie = try trie(["/{a}/{b}/{c}/never", "/{a}/x/*"])
        var captures = PathCaptures()
        var visited = 0
        let found = Array("/one/x/two/three".utf8).withUnsafeBytes { bytes in
            trie.walk(bytes, root: 0, captures: &captures, visited: &visited) { $0 == 1 }
        }
        #expect(found)
        #expect(captures.parameters == [PathCaptures.Span(offset: 1, length: 3)])
        #expect(captures.rest == PathCaptures.Span(offset: 7, length: 9))
    }

    @Test(arguments: [("/x", 2), ("/x/", 3)])
    func `an empty rest is at the end of the path`(path: String, offset: Int) throws {
        let trie = try trie(["/x/*"])
        var captures = PathCaptures()
        var visited = 0
        _ = Array(path.utf8).withUnsafeBytes {
            trie.walk($0, root: 0, captures: &captures, visited: &visited) { _ in true }
        }
        #expect(captures.rest == PathCaptures.Span(offset: offset, length: 0))
    }

    @Test func `a hostile path costs at most as many steps as there are nodes`() throws {
        // Each pattern fails only at its last segment.
        let depth = 24
        var patterns: [String] = []
        for turn in 0..<depth {
            patterns.append("/" + (0..<depth).map { $0 == turn ? "{x\($0)}" : "a" }.joined(separator: "/") + "/end")
            patterns.append("/" + (0..<depth).map { $0 == turn ? "a" : "{x\($0)}" }.joined(separator: "/") + "/end")
        }
        let nodes = patterns.count * (depth + 1) + 1
        for length in [depth, depth + 1, 4_000] {
            let (order, visited) = try walk(patterns, String(repeating: "/a", count: length))
            #expect(order.isEmpty)
            #expect(visited <= nodes)
        }
    }

    @Test func `a look-up among ten thousand routes visits no more nodes than among ten`() throws {
        let visits = try [10, 10_000].map { count in
            try walk((0..<count).map { "/api/v\($0)/users/{id}" }, "/api/v7/users/1").visited
        }
        #expect(visits == [5, 5])
    }

    @Test func `each of many literal siblings of any length is found`() throws {
        let names = (0..<5_000).map { String(repeating: "n", count: $0 % 40) + "\($0)" }
        let trie = try trie(names.map { "/" + $0 })
        var captures = PathCaptures()
        var visited = 0
        for (index, name) in names.enumerated() {
            var found = -1
            _ = Array("/\(name)".utf8).withUnsafeBytes {
                trie.walk($0, root: 0, captures: &captures, visited: &visited) { leaf in
                    found = leaf
                    return true
                }
            }
            #expect(found == index)
        }
    }
}
