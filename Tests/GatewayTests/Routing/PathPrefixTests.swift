import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct PathPrefixTests {
    @Test(arguments: [
        ("/v1", "/v1", "/"), ("/v1", "/v1/", "/"), ("/v1", "/v1/x", "/x"), ("/v1", "/v1x", "/v1x"), ("/v1", "/v", "/v"),
        ("/v1", "/", "/"), ("/v1", "/x/v1", "/x/v1"), ("/v1/", "/v1/x/", "/x/"), ("/a/b", "/a/b/c", "/c"),
        ("/", "/x", "/x"),
        ("", "/x", "/x"), ("/%7ea", "/~a/b", "/b"),
    ])
    func `whole segments are removed, and the rest starts with a slash`(
        prefix: String,
        path: String,
        expected: String
    ) throws {
        let prefix = try PathPrefix(prefix)
        var buffer = ByteBuffer()
        Array(path.utf8).withUnsafeBytes { prefix.write(into: &buffer, path: $0) }
        #expect(String(buffer: buffer) == expected)
    }

    @Test(arguments: ["v1", "/{x}", "/a/*", "/a//b", "/.."])
    func `only a literal path is accepted`(prefix: String) {
        #expect(throws: RoutePattern.ParseError.self) { try PathPrefix(prefix) }
    }
}
