import Testing

@testable import Gateway
@testable import GatewayCore

extension EndToEnd {
    /// A drain that an operator starts and takes back.
    @Suite struct DrainOnRequestTests {
        private static let toml = "[[routes]]\npath = \"/*\"\nrespond = { body = \"served\" }"

        @Test func `new connections are served once, and idle ones get one more response`() async throws {
            try await withGateway(Self.toml, workers: 2) { gateway in
                let idle = try await gateway.connect()
                #expect(try await Self.get(from: idle)["Connection"] == nil)
                try #require(gateway.server.runtime).startDrain()
                #expect(try await Self.get(from: idle)["Connection"] == "close")
                #expect(try await idle.rest().end == .finished)
                let fresh = try await gateway.connect()
                #expect(try await Self.get(from: fresh)["Connection"] == "close")
                #expect(try await fresh.rest().end == .finished)
            }
        }

        @Test func `an idle connection closes if no request follows`() async throws {
            try await withGateway(Self.toml) { gateway in
                let idle = try await gateway.connect()
                #expect(try await Self.get(from: idle)["Connection"] == nil)
                try #require(gateway.server.runtime).startDrain()
                let (text, end) = try await idle.rest()
                #expect(text == "")
                #expect(end == .finished)
            }
        }

        @Test func `after a cancelled drain, connections are kept alive again`() async throws {
            try await withGateway(Self.toml, workers: 2) { gateway in
                let runtime = try #require(gateway.server.runtime)
                let idle = try await gateway.connect()
                _ = try await Self.get(from: idle)
                runtime.startDrain()
                runtime.cancelDrain()
                for _ in 0..<2 { #expect(try await Self.get(from: idle)["Connection"] == nil) }
                let fresh = try await gateway.connect()
                for _ in 0..<2 { #expect(try await Self.get(from: fresh)["Connection"] == nil) }
                idle.close()
                fresh.close()
            }
        }

        @Test func `a gateway that ends cannot be told to go on`() async throws {
            try await withGateway(Self.toml) { gateway in
                let runtime = try #require(gateway.server.runtime)
                runtime.startDrain()
                gateway.server.shutdown()
                try await gateway.run.value
                runtime.cancelDrain()
                #expect(runtime.shared.isDraining)
            }
        }

        private static func get(from client: RawConnection) async throws -> Message {
            try await client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            return try await client.response()
        }
    }
}
