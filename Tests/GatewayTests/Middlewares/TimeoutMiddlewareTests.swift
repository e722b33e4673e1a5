import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct TimeoutMiddlewareTests {
    @Test(
        arguments: [
            ("connect", "write \"1s\" or more"), ("first_byte", "write \"1s\" or more"),
            ("idle", "write \"1s\" or more"),
            ("total", "write \"off\", or \"1s\" or more"),
        ]
    )
    func `a zero timeout is rejected`(_ key: String, _ suggestion: String) async throws {
        let configuration = try GatewayConfiguration(
            toml: "[[routes]]\npath = \"/*\"\nrespond = {}\ntimeout.\(key) = \"0s\"",
            environment: [:],
            middlewares: .standard
        )
        let errors = try await PlanCheck(configuration).errors
        #expect(
            errors.map(\.description) == [
                "gateway.toml:4:\(key.count + 12): routes[0].timeout.\(key): \"0s\" leaves no time: \(suggestion) (route \"all\")"
            ]
        )
    }
}
