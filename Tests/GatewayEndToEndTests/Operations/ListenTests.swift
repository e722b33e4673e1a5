import Gateway
import NIOCore
import Testing

@testable import GatewaySettings

extension EndToEnd {
    /// Listeners of both address families.
    @Suite struct ListenTests {
        private static let toml = "[[routes]]\npath = \"/*\"\nrespond = { body = \"x\" }"

        private static func freePort() async throws -> Int { try await withUpstream(playing { _ in }) { $0.port } }

        private static func expectAnswer(at host: String, _ port: Int) async throws {
            let client = try await RawConnection.connect(to: SocketAddress(ipAddress: host, port: port))
            defer { client.close() }
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().text == "x")
        }

        @Test(arguments: [["0.0.0.0", "::"], ["::", "0.0.0.0"], ["127.0.0.1", "::"], ["::"]])
        func `both families are served on one port`(hosts: [String]) async throws {
            let port = try await Self.freePort()
            try await withGateway(Self.toml, listen: hosts.map { .host($0, port: port) }) { gateway in
                #expect(gateway.addresses.count == hosts.count)
                for host in ["127.0.0.1", "::1"] { try await Self.expectAnswer(at: host, port) }
            }
        }

        @Test func `an IPv4 listener does not serve IPv6`() async throws {
            let port = try await Self.freePort()
            _ = try await withGateway(Self.toml, listen: [.host("0.0.0.0", port: port)]) { _ in
                await #expect(throws: (any Error).self) { try await Self.expectAnswer(at: "::1", port) }
            }
        }
    }
}
