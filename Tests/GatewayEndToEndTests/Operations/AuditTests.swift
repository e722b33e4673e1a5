import FoundationEssentials
import NIOCore
import Testing

@testable import Gateway
@testable import GatewaySettings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension EndToEnd {
    /// What the audit log of a running gateway says.
    @Suite struct AuditTests {
        private struct Entry: Decodable {
            let seq: Int
            let actor: String
            let action: String
            let result: String
        }

        private struct Entries: Decodable { let entries: [Entry] }

        private static let admin = AdminListen.address(.host("127.0.0.1", port: 0))

        private static func toml(_ audit: String, body: String = "served", upstream: String = "") -> String {
            """
            [audit]
            \(audit)
            \(upstream)
            [[routes]]
            name = "all"
            path = "/*"
            respond = { body = "\(body)" }
            """
        }

        private static func entries(_ gateway: RunningGateway) async throws -> [Entry] {
            let response = try await gateway.admin("GET /audit?limit=1000")
            return try JSONDecoder().decode(Entries.self, from: Data(response.text.utf8)).entries
        }

        @Test func `acts of many clients are one chain`() async throws {
            try await withFolder { folder in
                try await withGateway(Self.toml("file = \"\(folder)/audit.jsonl\""), admin: Self.admin) { gateway in
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        for number in 0..<24 {
                            group.addTask {
                                try await gateway.admin("POST /cache/purge", body: "{\"tag\":\"\(number)\"}").status
                            }
                        }
                        for try await status in group { #expect(status == 200) }
                    }
                    _ = try await gateway.admin("POST /drain HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nX-Version:")
                    try await gateway.reload(Self.toml("file = \"\(folder)/audit.jsonl\"", body: "new"))
                    let entries = try await Self.entries(gateway)
                    #expect(entries.map(\.seq) == Array(1...26))
                    #expect(entries.prefix(24).allSatisfy { $0.action == "cache.purge" && $0.actor == "local" })
                    #expect(entries.suffix(2).map(\.action) == ["admin.refused", "config.reload"])
                    #expect(entries.suffix(2).map(\.result) == ["forbidden", "ok"])
                }
            }
        }

        @Test func `a wrong key is recorded, but not what it is`() async throws {
            let toml = """
                [[auth.api_key.keys]]
                name = "acme"
                sha256 = "\(String(repeating: "ab", count: 32))"
                [[routes]]
                name = "all"
                path = "/*"
                auth = { any = ["api_key"] }
                respond = { body = "served" }
                """
            try await withGateway(toml, admin: Self.admin) { gateway in
                for _ in 0..<3 { #expect(try await gateway.get("/", "X-API-Key: no-such-key").status == 401) }
                let text = try await gateway.admin("GET /audit").text
                #expect(try await Self.entries(gateway).map(\.action) == ["auth.failed", "auth.failed", "auth.failed"])
                #expect(text.contains("\"target\":\"all\""))
                #expect(text.contains("{\"kind\":\"api_key\",\"reason\":"))
                #expect(!text.contains("no-such-key"))
            }
        }

        @Test func `nothing changes that cannot be recorded, and requests go on`() async throws {
            try await withGateway(Self.toml("file = \"/dev/full\""), admin: Self.admin) { gateway in
                for request in ["POST /drain", "POST /cache/purge", "POST /metrics/reset"] {
                    let body = request.hasSuffix("purge") ? "{\"all\":true}" : ""
                    let response = try await gateway.admin(request, body: body)
                    #expect(response.status == 503)
                    #expect(response.text.contains("audit_unavailable"))
                }
                await #expect(throws: ConfigurationErrors.self) {
                    try await gateway.reload(Self.toml("file = \"/dev/full\"", body: "new"))
                }
                #expect(try await gateway.get("/").text == "served")
                #expect(try await Self.entries(gateway).isEmpty)
            }
        }
    }
}

/// The audit log of the program: signals, restarts, and `gateway audit verify`.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct AuditProgramTests {
    private static let toml = """
        [audit]
        file = "audit.jsonl"
        [[routes]]
        path = "/*"
        respond = { body = "served" }
        """

    private static func start(in folder: String) async throws -> GatewayProgram {
        let program = try GatewayProgram(["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], in: folder)
        _ = try await program.addresses()
        return program
    }

    private static func purge(_ program: GatewayProgram) async throws -> Int {
        let client = try await RawConnection.connect(to: try #require(try await program.addresses().admin))
        defer { client.close() }
        let head = "POST /cache/purge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n"
        try await client.send(head + "{\"all\":true}")
        return try await client.finalResponse().status
    }

    private static func verify(_ files: String..., in folder: String) async throws -> (code: Int32, text: String) {
        let program = try GatewayProgram(["audit", "verify"] + files, in: folder)
        let code = try await program.end()
        return (code, program.output + program.errors)
    }

    @Test func `a kill, a restart, a rotation and a reload keep the chain`() async throws {
        try await withFolder { folder in
            try Data(Self.toml.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            let first = try await Self.start(in: folder)
            #expect(try await Self.purge(first) == 200)
            first.signal(SIGKILL)
            _ = try await first.end()
            // The start of a line that was being written.
            let torn = first.read("audit.jsonl") + "{\"seq\":2,\"time\":\"20"
            try Data(torn.utf8).write(to: URL(filePath: "\(folder)/audit.jsonl"))

            let second = try await Self.start(in: folder)
            #expect(try await Self.purge(second) == 200)
            #expect(rename("\(folder)/audit.jsonl", "\(folder)/audit.jsonl.1") == 0)
            second.signal(SIGUSR1)
            try await second.eventually("a notice") { second.errors.contains("log files reopened") }
            let changed = Self.toml + "\n[log]\nslow_request = \"7s\"\n"
            try Data(changed.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            second.signal(SIGHUP)
            try await second.eventually("a reload") { second.errors.contains("configuration reloaded") }
            second.signal(SIGTERM)
            #expect(try await second.end() == 0)

            let lines = second.read("audit.jsonl").split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines[0].contains("\"action\":\"audit.reopen\""))
            #expect(lines[1].contains("\"actor\":\"signal\",\"address\":null,\"action\":\"config.reload\""))
            #expect(lines[1].contains("\"log.slow_request\":{\"from\":\"1s\",\"to\":\"7s\"}"))
            let whole = try await Self.verify("audit.jsonl.1", "audit.jsonl", in: folder)
            #expect(whole.code == 0)
            #expect(whole.text.contains("last seq:  4\n"))
            #expect(whole.text.contains("last hash: \(lines[1].suffix(66).prefix(64))\n"))

            let text = second.read("audit.jsonl").replacing("\"7s\"", with: "\"8s\"")
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/audit.jsonl"))
            let broken = try await Self.verify("audit.jsonl.1", "audit.jsonl", in: folder)
            #expect(broken.code == 1)
            #expect(broken.text.hasPrefix("audit.jsonl:2: seq 4: "))
            #expect(try await Self.verify("missing.jsonl", in: folder).code == 2)
        }
    }
}
