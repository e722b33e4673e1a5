import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// Listeners that come and go.
    @Suite struct ReloadListenerTests {
        private static let toml = "[[routes]]\npath = \"/*\"\nrespond = { body = \"served\" }\n"

        private static func get(from client: RawConnection) async throws -> Message {
            try await client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            return try await client.response()
        }

        private static func isServed(at address: SocketAddress) async -> Bool {
            guard let client = try? await RawConnection.connect(to: address) else { return false }
            defer { client.close() }
            return (try? await Self.get(from: client))?.text == "served"
        }

        @Test func `a new listener serves when the reload returns, and the others stay`() async throws {
            try await withGateway(Self.toml, workers: 2) { gateway in
                let client = try await gateway.connect()
                defer { client.close() }
                _ = try await Self.get(from: client)
                try await gateway.reload(Self.toml) { $0.server.listen.insert(.host("127.0.0.2", port: 0), at: 0) }
                let addresses = try await gateway.server.boundAddresses()
                #expect(addresses.count == 2)
                #expect(addresses[1] == gateway.addresses[0])
                #expect(await Self.isServed(at: addresses[0]))
                #expect(try await Self.get(from: client)["Connection"] == nil)
            }
        }

        @Test func `a listener that goes refuses connections and answers one more request on each`() async throws {
            let toml = Self.toml
            try await withGateway(toml, workers: 2, listen: [.host("127.0.0.1", port: 0), .host("127.0.0.2", port: 0)])
            {
                gateway in
                let client = try await gateway.connect()
                defer { client.close() }
                #expect(try await Self.get(from: client)["Connection"] == nil)
                try await gateway.reload(toml) { $0.server.listen.removeFirst() }
                await #expect(throws: (any Error).self) { try await gateway.connect() }
                #expect(try await Self.get(from: client)["Connection"] == "close")
                #expect(try await client.rest().end == .finished)
                #expect(await Self.isServed(at: gateway.addresses[1]))
            }
        }

        @Test func `a request in progress finishes after its listener has closed`() async throws {
            let go = Signal()
            let script = serving { request in
                try await go.wait()
                return ok(request.target)
            }
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET /held HTTP/1.1\r\nHost: a.example\r\n\r\n")
                try await eventually("it has reached the upstream") { upstream.requests.count == 1 }
                try await gateway.reload(proxy(to: upstream.url)) { $0.server.listen = [.host("127.0.0.2", port: 0)] }
                go.fire()
                let response = try await client.response()
                #expect(response.text == "/held")
                #expect(response["Connection"] == "close")
            }
        }

        @Test func `an address gives way to one that includes it, and back, without a refused connection`() async throws
        {
            try await withGateway(Self.toml, workers: 2) { gateway in
                let port = gateway.port
                for address in ["0.0.0.0", "127.0.0.1", "0.0.0.0"] {
                    let connecting = Task {
                        var refused = 0
                        while !Task.isCancelled {
                            if let client = try? await gateway.connect() { client.close() } else { refused += 1 }
                        }
                        return refused
                    }
                    try await gateway.reload(Self.toml) { $0.server.listen = [.host(address, port: port)] }
                    #expect(await Self.isServed(at: gateway.addresses[0]))
                    connecting.cancel()
                    #expect(await connecting.value == 0)
                }
            }
        }

        @Test func `an address that is taken refuses the reload, and no other listener stays`() async throws {
            try await withUpstream(serving { _ in ok() }) { other in
                try await withFolder { folder in
                    try await withGateway(Self.toml) { gateway in
                        let socket = "\(folder)/socket"
                        let error = await #expect(throws: ConfigurationErrors.self) {
                            try await gateway.reload(Self.toml) {
                                $0.server.listen += [.unix(path: socket), .host("127.0.0.1", port: other.port)]
                            }
                        }
                        #expect(
                            error?.errors.first?.message.contains("cannot listen on 127.0.0.1:\(other.port)") == true
                        )
                        #expect(error?.errors.first?.key == "server.listen")
                        #expect(await Self.isServed(at: gateway.addresses[0]))
                        let address = try SocketAddress(unixDomainSocketPath: socket)
                        #expect(await !Self.isServed(at: address))
                        try await gateway.reload(Self.toml) { $0.server.listen.append(.unix(path: socket)) }
                        #expect(await Self.isServed(at: address))
                        try await gateway.reload(Self.toml)
                        #expect(await Self.isServed(at: address))
                    }
                }
            }
        }

        @Test func `the admin API moves, turns off and on`() async throws {
            try await withGateway(Self.toml) { gateway in
                #expect(try await gateway.server.adminAddress() == nil)
                try await gateway.reload(Self.toml) { $0.admin.listen = .address(.host("127.0.0.1", port: 0)) }
                let first = try #require(try await gateway.server.adminAddress())
                let client = try await RawConnection.connect(to: first)
                defer { client.close() }
                try await client.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await client.response().status == 200)
                try await gateway.reload(Self.toml) { $0.admin.listen = .address(.host("127.0.0.2", port: 0)) }
                let second = try #require(try await gateway.server.adminAddress())
                #expect(second != first)
                try await eventuallyAsync("the old listener is closed") {
                    guard let other = try? await RawConnection.connect(to: first) else { return true }
                    other.close()
                    return false
                }
                try await gateway.reload(Self.toml) { $0.admin.listen = .off }
                #expect(try await gateway.server.adminAddress() == nil)
            }
        }
    }
}
