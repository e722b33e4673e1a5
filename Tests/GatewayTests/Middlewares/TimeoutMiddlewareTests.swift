import Testing

@testable import Gateway

struct TimeoutMiddlewareTests {
    @Test(
        arguments: [
            ("connect", "write a longer time"), ("first_byte", "write a longer time"), ("idle", "write a longer time"),
            ("total", "write a longer time, or \"off\""),
        ]
    )
    func `refuses a limit that leaves no time`(_ key: String, _ suggestion: String) async throws {
        let configuration = try GatewayConfiguration(
            toml: "[[routes]]\npath = \"/*\"\nrespond = {}\ntimeout.\(key) = \"0s\"",
            environment: [:],
            middlewares: .standard
        )
        let errors = try await PlanCheck(configuration).errors
        #expect(
            errors.map(\.description) == [
                "gateway.toml:4:\(key.count + 12): routes[0].timeout.\(key): \"0s\" leaves no time: \(suggestion)"
            ]
        )
    }
}
