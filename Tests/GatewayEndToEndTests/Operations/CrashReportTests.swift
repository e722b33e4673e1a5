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

extension EndToEnd {
    /// With `events.store`, a start after a crash is reported.
    @Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
    struct CrashReportTests {
        private static func start(_ sentry: ScriptedUpstream, in folder: String) throws -> GatewayProgram {
            let toml = """
                [events]
                store = "gateway.db"
                [sentry]
                dsn = "${DSN}"
                [[routes]]
                path = "/*"
                respond = { body = "served" }
                """
            try Data(toml.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            return try GatewayProgram(
                ["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
                in: folder,
                environment: ["DSN": sentry.dsn]
            )
        }

        /// Waits until the store says that a gateway runs.
        private static func awaitRecord(in program: GatewayProgram) async throws {
            try await program.expectService()
            try await program.eventually("the run is noted") {
                [program.read("gateway.db"), program.read("gateway.db-wal")].joined().contains(":\(program.id)")
            }
        }

        @Test func `a run that was killed is reported by the next one, once`() async throws {
            try await withUpstream(serving { _ in ok("{}") }) { sentry in
                try await withFolder { folder in
                    let first = try Self.start(sentry, in: folder)
                    try await Self.awaitRecord(in: first)
                    first.signal(SIGKILL)
                    _ = try await first.end()
                    let second = try Self.start(sentry, in: folder)
                    try await second.eventually("the crash is reported") { sentry.envelopes.count == 1 }
                    #expect(sentry.envelopes.first?.event.code == "crashed")
                    #expect(sentry.envelopes.first?.event.level == "fatal")
                    second.signal(SIGTERM)
                    #expect(try await second.end() == 0)
                    let third = try Self.start(sentry, in: folder)
                    try await Self.awaitRecord(in: third)
                    third.signal(SIGTERM)
                    #expect(try await third.end() == 0)
                    #expect(sentry.envelopes.count == 1)
                }
            }
        }
    }
}
