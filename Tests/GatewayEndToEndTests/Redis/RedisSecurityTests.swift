import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayRedis
@testable import GatewaySettings

extension EndToEnd {
    /// Rights, passwords and TLS towards Redis.
    @Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    struct RedisSecurityTests {
        private static let admin = AdminListen.address(.host("127.0.0.1", port: 0))

        @Test func `a user with the documented rights is enough, and its password is shown nowhere`() async throws {
            try await withRedis { server in
                let rights = ["~gateway:*", "&gateway:*", "+@all", "-@admin", "-@dangerous"]
                let client = try await server.connect()
                defer { client.close() }
                _ = try await client.send([["ACL", "SETUSER", "edge", "on", ">geheim%1"] + rights])
                let log = LogLines()
                let toml = limited("redis://edge:geheim%251@127.0.0.1:\(server.port)")
                try await withGateways(2, toml, admin: Self.admin, log: log.logger) { gateways in
                    try await gateways.joined()
                    #expect(try await gateways.flood(100).count { $0.status == 200 } == 40)
                    // Nothing was refused.
                    #expect(try await client.send("ACL", "LOG") == .array([]))
                    // Another password, and a lost connection.
                    try await client.send("ACL", "SETUSER", "edge", "resetpass", ">other")
                    try await client.send("CLIENT", "KILL", "USER", "edge")
                    try await eventually("the password is refused") {
                        gateways.all.allSatisfy { gateway in
                            SharedGateways.conditions(gateway).contains {
                                $0.problem == "it refuses the user or the password: WRONGPASS"
                            }
                        }
                    }
                    #expect(try await gateways[0].get("/").status == 429)
                    for page in ["config", "health/detailed", "health", "metrics", "events?limit=100"] {
                        let text = try await gateways[0].admin("GET /\(page)").text
                        #expect(!text.contains("geheim"), "\(page)")
                    }
                }
                #expect(log.lines.contains { $0.contains("Redis is still down") && $0.contains("WRONGPASS") })
                #expect(!log.lines.contains { $0.contains("geheim") })
            }
        }

        /// Options that let a server accept TLS only, from clients with a certificate.
        private static func secure(_ folder: String, port: Int) -> [String] {
            [
                "--port", "0", "--tls-port", "\(port)", "--tls-auth-clients", "yes",
                "--tls-ca-cert-file", "\(folder)/ca.pem", "--tls-cert-file", "\(folder)/server.pem",
                "--tls-key-file", "\(folder)/server.key",
            ]
        }

        @Test func `TLS verifies both ends`() async throws {
            try await withFolder { folder in
                let authority = try TestAuthority()
                try authority.pem.write(to: "\(folder)/ca.pem")
                try TestAuthority("Other CA").pem.write(to: "\(folder)/other.pem")
                try authority.issue("127.0.0.1").write(as: "server", to: folder)
                try authority.issue("gateway").write(as: "client", to: folder)
                let port = try RedisServer.freePort()
                let server = try await RedisServer.start(port: port, Self.secure(folder, port: port))
                defer { server.stop() }
                let url = "rediss://127.0.0.1:\(port)"
                let client = "certificate = \"\(folder)/client.pem\"\nkey = \"\(folder)/client.key\""
                let own = "ca = \"\(folder)/ca.pem\""
                try await withGateways(2, limited(url, redis: "[redis.tls]\n\(own)\n\(client)")) { gateways in
                    try await gateways.joined()
                    #expect(try await gateways.flood(100).count { $0.status == 200 } == 40)
                }
                // A server from another authority, one with another name, and a client without a certificate.
                let mistakes = [
                    ("ca = \"\(folder)/other.pem\"\n\(client)", "was not issued by a trusted authority"),
                    ("\(own)\n\(client)\nserver_name = \"redis.example\"", "not for redis.example"),
                    // The alert may be lost with the connection.
                    (own, ""),
                ]
                for (tls, expected) in mistakes {
                    try await withGateways(1, limited(url, redis: "[redis.tls]\n\(tls)")) { gateways in
                        try await gateways.parted()
                        let problem = SharedGateways.conditions(gateways[0]).first?.problem ?? ""
                        #expect(!problem.isEmpty && (expected.isEmpty || problem.contains(expected)), "\(problem)")
                        // Counted here.
                        #expect(try await gateways[0].get("/")["X-RateLimit-Remaining"] == "39")
                    }
                }
            }
        }
    }
}
