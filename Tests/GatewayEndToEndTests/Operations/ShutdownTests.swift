import Gateway
import Logging
import Testing

@testable import GatewaySettings

/// Start and stop of a gateway inside a program.
struct ShutdownTests {
    private static func gateway(listen: ListenAddress = .host("127.0.0.1", port: 0)) throws -> GatewayServer {
        var configuration = GatewayConfiguration.demo
        configuration.server.listen = [listen]
        configuration.server.workers = .count(1)
        configuration.admin.listen = .off
        configuration.log.access = .off
        return try GatewayServer(configuration, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `shutdown may be called twice`() async throws {
        let gateway = try Self.gateway()
        async let run: Void = gateway.run()
        _ = try await gateway.boundAddresses()
        gateway.shutdown()
        gateway.shutdown()
        try await run
    }

    @Test func `shutdown may be called before run`() async throws {
        let gateway = try Self.gateway()
        gateway.shutdown()
        try await gateway.run()
    }

    @Test func `boundAddresses throws the error of a failed start, even later`() async throws {
        let gateway = try Self.gateway(listen: .host("192.0.2.1", port: 1))
        await #expect(throws: (any Error).self) { try await gateway.run() }
        await #expect(throws: (any Error).self) { try await gateway.boundAddresses() }
    }
}
