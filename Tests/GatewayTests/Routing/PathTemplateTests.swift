import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct PathTemplateTests {
    private func rewrite(_ pattern: String, _ template: String, _ path: String) throws -> String {
        let router = try Router(routes: [(match: RouteMatch(path: pattern), plan: "")])
        let template = try PathTemplate(template, for: RoutePattern(pattern))
        var captures = PathCaptures()
        var buffer = ByteBuffer()
        TestRequest(path).withBytes { request in
            _ = router.route(request, captures: &captures)
            template.write(into: &buffer, path: request.path, captures: captures)
        }
        return String(buffer: buffer)
    }

    @Test(arguments: [
        ("/users/{id}", "/internal/users/{id}", "/users/7", "/internal/users/7"),
        ("/users/{id}", "/internal/users/{id}", "/users/a%2Fb", "/internal/users/a%2Fb"),
        ("/{a}/{b}/*", "/{b}/{a}/{rest}", "/1/2/3/4", "/2/1/3/4"),
        ("/{a}/{b}/*", "/{b}-{a}/{rest}", "/1/2", "/2-1/"),
        ("/files/*", "/{rest}", "/files/a/b/", "/a/b/"),
        ("/files/*", "/{rest}", "/files", "/"),
        ("/{x}", "/café/{x}{x}", "/1", "/caf%C3%A9/11"),
        ("/x", "/fixed", "/x", "/fixed"),
    ])
    func `captures are inserted without decoding`(
        pattern: String,
        template: String,
        path: String,
        expected: String
    ) throws {
        #expect(try rewrite(pattern, template, path) == expected)
    }

    @Test(arguments: [
        ("/x", "y"), ("/x", "/{id}"), ("/{id}", "/{rest}"), ("/{id}", "/{id"), ("/{id}", "/id}"), ("/x", "/y?z=1"),
        ("/x", "/{}"), ("/x", "/a\\b"),
    ])
    func `a template that cannot be filled in is rejected`(pattern: String, template: String) throws {
        let pattern = try RoutePattern(pattern)
        #expect(throws: PathTemplate.ParseError.self) { try PathTemplate(template, for: pattern) }
    }

    @Test func `errors list the available parameters`() throws {
        let pattern = try RoutePattern("/{id}/*")
        #expect(throws: PathTemplate.ParseError(message: "The route's path has no {user}; it has {id}, {rest}.")) {
            try PathTemplate("/{user}", for: pattern)
        }
    }
}
