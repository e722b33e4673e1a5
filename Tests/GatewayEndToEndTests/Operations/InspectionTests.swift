import FoundationEssentials
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// Configurations that callers post to be checked or compared.
    @Suite struct InspectionTests {
        private static let toml = """
            [upstreams.api]
            targets = ["http://127.0.0.1:9"]
            [[routes]]
            name = "users"
            path = "/users/*"
            upstream = "api"
            """

        private static let admin = AdminListen.address(.host("127.0.0.1", port: 0))

        @Test(arguments: [
            toml, "", "[server]\nworker = 1\n[[routes]]\npath = \"/\"\nupstream = \"api\"", "broken =",
            "[upstreams.unused]\nbuiltin = \"demo\"\n[[routes]]\npath = \"/\"\nrespond = {}",
        ])
        func `a check answers what the command prints`(text: String) async throws {
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                let answer = try await gateway.admin("POST /config/check", body: text)
                let check = try await ConfigurationCheck(toml: text)
                let report = JSONValue.check(of: "gateway.toml", errors: check.errors, warnings: check.warnings)
                #expect(answer.status == 200)
                #expect(answer.text == JSONText.text(report, indented: true) + "\n")
            }
        }

        @Test func `a comparison answers what a reload would change`() async throws {
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                let before = try await gateway.admin("GET /config").text
                let same = try await self.difference(to: Self.toml, in: gateway)
                #expect(same.routes.isEmpty)
                #expect(same.upstreams.isEmpty)
                let changed =
                    Self.toml + "\ntimeout.total = \"60s\"\n[[routes]]\nname = \"more\"\npath = \"/more\"\nrespond = {}"
                let difference = try await self.difference(to: changed, in: gateway)
                #expect(difference.lines.prefix(2) == ["+ route more", "~ route users: timeout.total off → 1m"])
                #expect(difference.routes.removed == [])
                #expect(try await gateway.admin("GET /config").text == before)
            }
        }

        @Test func `what only a restart can change is a difference with a warning`() async throws {
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                let answer = try await gateway.admin("POST /config/diff", body: "[server]\nworkers = 3\n\(Self.toml)")
                #expect(answer.text.contains("\"server.workers\": {\n"))
                #expect(answer.text.contains("\"warnings\": [\n"))
                #expect(answer.text.contains("changes only with a restart"))
            }
        }

        private func difference(to text: String, in gateway: RunningGateway) async throws -> ConfigurationComparison {
            let answer = try await gateway.admin("POST /config/diff", body: text)
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/json")
            return try JSONDecoder().decode(ConfigurationComparison.self, from: Data(answer.text.utf8))
        }

        @Test(arguments: ["[server]\nworker = 1", "broken =", "", "# truncated"])
        func `a configuration that a reload would refuse is not compared`(text: String) async throws {
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                let answer = try await gateway.admin("POST /config/diff", body: text)
                #expect(answer.status == 422)
                #expect(answer.text.contains("\"message\": "))
                #expect(answer.text.contains("\"line\": "))
            }
        }

        @Test(arguments: ["/config/check", "/config/diff"])
        func `a body has at most 1 MiB`(path: String) async throws {
            let padding = String(repeating: "#", count: 1024 * 1024 - Self.toml.utf8.count - 1)
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                let largest = try await gateway.admin("POST \(path)", body: "\(Self.toml)\n\(padding)")
                #expect(largest.status == 200)
                let larger = try await gateway.admin("POST \(path)", body: "\(Self.toml)\n\(padding)#")
                #expect(larger.status == 413)
            }
        }

        @Test(arguments: ["/config/check", "/config/diff"])
        func `without the token, a body is refused before it is collected`(path: String) async throws {
            let toml = "[admin]\ntoken = \"s3cret\"\n\(Self.toml)"
            try await withGateway(toml, admin: Self.admin) { gateway in
                let body = String(repeating: "#", count: 2 * 1024 * 1024)
                let answer = try await gateway.admin("POST \(path)", body: body)
                #expect(answer.status == 401)
                #expect(answer["WWW-Authenticate"] != nil)
            }
        }

        @Test func `other methods are refused`() async throws {
            try await withGateway(Self.toml, admin: Self.admin) { gateway in
                let answer = try await gateway.admin("GET /config/diff")
                #expect(answer.status == 405)
                #expect(answer["Allow"] == "POST")
            }
        }
    }
}
