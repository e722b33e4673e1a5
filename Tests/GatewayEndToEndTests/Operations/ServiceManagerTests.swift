import FoundationEssentials
import NIOConcurrencyHelpers
import NIOCore
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the program tells a service manager.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct ServiceManagerTests {
    private static let toml = "[[routes]]\npath = \"/*\"\nrespond = { body = \"served\" }"

    /// Runs the program while `body` runs. `heard` returns all messages so far.
    private func withService(
        environment: [String: String] = [:],
        _ body: (_ program: GatewayProgram, _ heard: @escaping @Sendable () -> [String]) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let manager = try SystemSocket.unix("\(folder)/notify", type: SystemSocket.datagram, listens: false)
            let messages = NIOLockedValueBox<[String]>([])
            try Data(Self.toml.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            var environment = environment
            environment["NOTIFY_SOCKET"] = "\(folder)/notify"
            let program = try GatewayProgram(["run"] + CommandLineTests.anywhere, in: folder, environment: environment)
            try await body(program) {
                messages.withLockedValue { messages in
                    messages += manager.datagrams()
                    return messages
                }
            }
        }
    }

    @Test func `it hears that the gateway is ready, and that it stops`() async throws {
        try await self.withService { program, heard in
            try await program.eventually("ready") { heard() == ["READY=1"] }
            try await program.expectService()
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)
            #expect(heard() == ["READY=1", "STOPPING=1"])
        }
    }

    @Test(arguments: [true, false])
    func `it hears of a reload, whether it is applied or refused`(isValid: Bool) async throws {
        try await self.withService { program, heard in
            try await program.eventually("ready") { heard().count == 1 }
            let file = isValid ? Self.toml : "[["
            try Data(file.utf8).write(to: URL(filePath: "\(program.folder)/gateway.toml"))
            program.signal(SIGHUP)
            try await program.eventually("ready again") { heard().count == 3 }
            #expect(heard()[1].hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
            #expect(heard()[2] == "READY=1")
        }
    }

    @Test func `it hears that the gateway works`() async throws {
        try await self.withService(environment: ["WATCHDOG_USEC": "20000"]) { program, heard in
            try await program.eventually("messages") { heard().count { $0 == "WATCHDOG=1" } > 2 }
        }
    }

    @Test func `a manager that is gone disturbs nothing`() async throws {
        try await withFolder { folder in
            try Data(Self.toml.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            let program = try GatewayProgram(
                ["run"] + CommandLineTests.anywhere,
                in: folder,
                environment: ["NOTIFY_SOCKET": "\(folder)/nowhere", "WATCHDOG_USEC": "10000"]
            )
            try await program.expectService()
            program.signal(SIGTERM)
            #expect(try await program.end() == 0)
        }
    }
}
