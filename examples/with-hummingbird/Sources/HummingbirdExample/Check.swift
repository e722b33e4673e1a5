import Gateway
import SelfCheck

/// Tests the program over HTTP.
func check(_ gateway: GatewayServer) async throws {
    let address = try await gateway.boundAddresses()[0]
    try expect("HTTP/1.1 200 OK", "X-Request-ID: ", "user ann", in: try await fetch("/users/ann", at: address))
    try expect("404 Not Found", in: try await fetch("/nowhere", at: address))
    try expect("200 OK", "hello hello", in: try await fetch("/echo", method: "POST", body: "hello hello", at: address))
}
