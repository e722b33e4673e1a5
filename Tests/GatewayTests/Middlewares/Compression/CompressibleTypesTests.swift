import Testing

@testable import Gateway
@testable import GatewayMiddlewares

struct CompressibleTypesTests {
    private static func types(_ patterns: [String]) -> CompressibleTypes {
        var types = CompressibleTypes()
        for pattern in patterns {
            let isAdded = types.add(pattern)
            #expect(isAdded, "\(pattern)")
        }
        return types
    }

    private static func contains(_ type: String, in types: CompressibleTypes) -> Bool {
        Array(type.utf8).withUnsafeBytes { types.contains($0) }
    }

    @Test(arguments: [
        ("text/html", true), ("text/html; charset=utf-8", true), ("TEXT/Html;charset=x", true),
        ("text/plain ; a=b", true),
        ("application/json", true), ("application/json\t", true), ("application/problem+json", true),
        ("application/jsonp", false), ("application/vnd.api+json;v=1", true), ("application/atom+xml", true),
        ("application/xhtml", false), ("image/svg+xml", true), ("image/png", false), ("video/mp4", false),
        ("application/octet-stream", false), ("", false), ("text", false), ("text/", true), ("xtext/html", false),
        ("application/grpc", false), ("application/grpc+json", false), ("application/grpc-web+xml", false),
        ("text/event-stream", false), ("Text/Event-Stream; charset=utf-8", false), ("application/wasm", true),
        ("application/+json", true), ("application/json/x", false), ("multipart/byteranges; boundary=x", false),
    ])
    func `the default list contains the expected types`(_ type: String, _ expected: Bool) {
        let types = Self.types(CompressionMiddleware.Config().types)
        #expect(Self.contains(type, in: types) == expected)
    }

    @Test func `event streams are compressed if listed, gRPC never`() {
        let named = Self.types(["text/event-stream"])
        #expect(Self.contains("text/event-stream", in: named))
        #expect(!Self.contains("text/html", in: named))
        let any = Self.types(["*/*", "application/grpc", "application/grpc+proto"])
        #expect(!Self.contains("text/event-stream", in: any))
        #expect(!Self.contains("application/grpc", in: any))
        #expect(!Self.contains("application/grpc+proto", in: any))
        #expect(Self.contains("a/b", in: any))
    }

    @Test func `an asterisk matches any characters, in any position`() {
        #expect(Self.contains("application/vnd.x.y+json", in: Self.types(["application/vnd.*+json"])))
        #expect(!Self.contains("application/vnd+json", in: Self.types(["application/vnd.*+json"])))
        #expect(Self.contains("a/json", in: Self.types(["*/json"])))
        #expect(!Self.contains("application/son", in: Self.types(["application/s*n+json"])))
        // The parts before and after the asterisk must not overlap.
        #expect(!Self.contains("application/a", in: Self.types(["application/a*a"])))
        #expect(Self.contains("APPLICATION/AA", in: Self.types(["Application/a*A"])))
    }

    @Test(arguments: [
        "", "text", "text/", "/html", "text/html/x", "text/html; q=1", "te xt/html", "a*/b*", "*", "text/**",
    ])
    func `an invalid media type is rejected`(_ pattern: String) {
        var types = CompressibleTypes()
        let isAdded = types.add(pattern)
        #expect(!isAdded)
    }
}
