import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct PlanCheckTests {
    private static func errors(_ toml: String) async throws -> [String] {
        let configuration = try GatewayConfiguration(toml: toml, environment: [:], middlewares: .standard)
        return try await PlanCheck(configuration).errors.map(\.description)
    }

    @Test func `an error is reported once, where it was written`() async throws {
        let toml = """
            [middleware.access_log]
            sample = 2
            [policies.p.rate_limit]
            cost = 0
            [policies."q r".timeout]
            total = "0s"
            [[routes]]
            path = "/a"
            respond = {}
            policies = ["p"]
            [[routes]]
            path = "/b"
            respond = {}
            policies = ["p", "q r"]
            compression.algorithms = []
            """
        let expected = [
            "gateway.toml:2:10: middleware.access_log.sample: ", "gateway.toml:4:8: policies.p.rate_limit.cost: ",
            "gateway.toml:6:9: policies.\"q r\".timeout.total: ",
            "gateway.toml:15:26: routes[1].compression.algorithms: ",
        ]
        let errors = try await Self.errors(toml)
        #expect(errors.count == expected.count, "\(errors)")
        for (error, start) in zip(errors, expected) { #expect(error.hasPrefix(start), "\(error)") }
    }

    @Test func `a valid configuration has no findings`() async throws {
        let errors = try await Self.errors("[[routes]]\nrespond = {}\npath = \"/a\"")
        #expect(errors == [])
    }
}
