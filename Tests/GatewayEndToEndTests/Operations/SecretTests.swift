import FoundationEssentials
import NIOCore
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// No secret leaks through a log, a response or the output of a command.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct SecretTests {
    /// A different secret per setting, so that a leak shows its source.
    private enum Secret {
        static let adminToken = "hush-admin-token"
        static let header = "hush-header-value"
        static let condition = "hush-condition"
        static let query = "hush-query-value"
        static let authorization = "hush-authorization"
        static let cookie = "hush-cookie"
        static let literal = "hush-literal"
    }

    private static func file(_ upstream: String) -> String {
        """
        [admin]
        token = "${ADMIN_TOKEN}"
        [log]
        level = "trace"
        access = "access.log"
        slow_request = "1ms"
        [upstreams.api]
        targets = ["\(upstream)"]
        [[routes]]
        name = "api"
        path = "/*"
        upstream = "api"
        headers = { request = { set = { "Authorization" = "Bearer ${UPSTREAM_TOKEN}" } } }
        [[routes]]
        name = "guarded"
        path = "/guarded"
        match_headers = { "X-Api-Key" = "${CONDITION}" }
        respond = { body = "guarded", headers = { Set-Cookie = "\(Secret.literal)" } }
        headers.request.add = { Cookie = "\(Secret.literal)" }
        """
    }

    private static let environment = [
        "ADMIN_TOKEN": Secret.adminToken, "UPSTREAM_TOKEN": Secret.header, "CONDITION": Secret.condition,
    ]

    @Test func `no output contains the value of a secret`() async throws {
        let script: ScriptedUpstream.Script = serving { _ in "HTTP/1.1 500 Broken\r\nContent-Length: 4\r\n\r\noops" }
        try await withUpstream(script) { upstream in
            try await withFolder { folder in
                try Data(Self.file(upstream.url).utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
                let arguments = ["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
                let program = try GatewayProgram(arguments, in: folder, environment: Self.environment)
                let (listen, admin) = try await program.addresses()
                var outputs = try await self.answers(of: listen[0])
                #expect(upstream.requests.first?["Authorization"] == "Bearer \(Secret.header)")
                outputs += try await self.adminAnswers(of: try #require(admin))
                try await program.eventually("requests are logged") { program.read("access.log").contains("/guarded") }
                program.signal(SIGTERM)
                _ = try await program.end()
                outputs += [program.output, program.errors, program.read("access.log")]
                outputs += try await self.commandOutputs(in: folder)
                for output in outputs {
                    #expect(!output.isEmpty)
                    #expect(!output.contains("hush-"), "\(output)")
                }
            }
        }
    }

    private func answers(of address: SocketAddress) async throws -> [String] {
        let client = try await RawConnection.connect(to: address)
        defer { client.close() }
        var answers: [String] = []
        for target in ["/a?token=\(Secret.query)&password=\(Secret.query)", "/guarded?api_key=\(Secret.query)"] {
            try await client.send(
                "GET \(target) HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \(Secret.authorization)\r\n"
                    + "Cookie: session=\(Secret.cookie)\r\nX-Api-Key: wrong\r\n\r\n"
            )
            let response = try await client.response()
            #expect(response.status == 500)
            #expect(!response.text.contains("oops"))
            answers.append(response.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n") + response.text)
        }
        return answers
    }

    private func adminAnswers(of address: SocketAddress) async throws -> [String] {
        var answers: [String] = []
        let paths = ["/", "/config", "/routes", "/upstreams", "/health/detailed", "/metrics", "/metrics/system"]
        for token in ["wrong", Secret.adminToken] {
            for path in paths {
                let client = try await RawConnection.connect(to: address)
                defer { client.close() }
                try await client.send(
                    "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n"
                )
                let response = try await client.response()
                #expect(response.status == (token == "wrong" ? 401 : 200))
                answers.append(response.text)
            }
        }
        return answers
    }

    private func commandOutputs(in folder: String) async throws -> [String] {
        let commands = [
            ["check"], ["check", "--json"], ["explain", "GET", "/guarded", "-H", "X-Api-Key: no"],
            ["explain", "GET", "/guarded", "--json"], ["explain", "GET", "/a", "--json"],
        ]
        var outputs: [String] = []
        for command in commands {
            let program = try GatewayProgram(command, in: folder, environment: Self.environment)
            _ = try await program.end()
            outputs.append(program.output + program.errors)
        }
        return outputs
    }
}
