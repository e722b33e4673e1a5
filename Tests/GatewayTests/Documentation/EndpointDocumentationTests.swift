import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayHTTP

/// Compares `docs/admin.md` with the endpoints of the admin API.
struct EndpointDocumentationTests {
    @Test func `the manual lists every endpoint`() throws {
        let rows = AdminEndpoints.all.map { endpoint in
            let paths = endpoint.paths.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(endpoint.method.name)` | \(paths) | \(endpoint.summary) |\n"
        }
        try GeneratedFile(path: "docs/admin.md", suite: "EndpointDocumentationTests")
            .expect(blocks: [("endpoints", "| method | path | answer |\n|---|---|---|\n" + rows.joined())])
    }
}
