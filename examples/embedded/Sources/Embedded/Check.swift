import Gateway
import SelfCheck

/// What the program does, seen from outside.
func check(_ gateway: GatewayServer) async throws {
    let address = try await gateway.boundAddresses()[0]
    try expect(
        "HTTP/1.1 400 Bad Request",
        "\"detail\":\"A tenant is needed.\"",
        "application/problem+json",
        in: try await fetch("/users", at: address)
    )
    try expect(
        "HTTP/1.1 200 OK",
        "X-Request-ID: ",
        "hello from /users",
        in: try await fetch("/users", headers: ["X-Customer: acme"], at: address)
    )
    try expect("hello from /open/door", in: try await fetch("/open/door", at: address))
    do {
        let typo = try GatewayConfiguration(toml: "[middleware.tennant]\nheader = \"X-Customer\"")
        _ = try GatewayServer(typo, middlewares: .standard.appending(.of(Tenant.self, defaults: .init())))
    } catch {
        try expect("gateway.toml:1:13: middleware.tennant:", "write \"tenant\"", in: "\(error)")
    }
}
