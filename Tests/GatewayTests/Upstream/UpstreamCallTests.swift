import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

/// Callers other than exchanges.
@Suite struct UpstreamCallTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Server: one\r\n\r\nhello"

    /// Sends `count` requests for `/health` in sequence to the targets of one upstream.
    private func ask(_ targets: [TargetURL], count: Int = 1) async throws -> [TestCall.Response] {
        var upstream = UpstreamConfiguration()
        upstream.targets = targets.map { TargetConfiguration($0) }
        upstream.balance = .roundRobin
        var configuration = GatewayConfiguration()
        configuration.upstreams["api"] = upstream
        let registry = UpstreamRegistry(configuration, inProcess: [:])
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let (cluster, worker) = try await loop.submit {
            let worker = WorkerFixture.make(on: loop)
            let cluster = try #require(registry.makeUpstreams(for: worker)["api"] as? UpstreamCluster)
            return (NIOLoopBound(cluster, eventLoop: loop), NIOLoopBound(worker, eventLoop: loop))
        }.get()
        var responses: [TestCall.Response] = []
        for _ in 0..<count {
            responses.append(try await loop.flatSubmit { TestCall.get("/health", from: cluster.value) }.get())
        }
        try await loop.submit {
            cluster.value.stop()
            worker.value.deadlines.stop()
        }.get()
        return responses
    }

    @Test func `a caller other than an exchange gets a response, and its connection is reused`() async throws {
        let server = try await CannedServer.start(Self.ok)
        let responses = try await self.ask([server.url], count: 3)
        for response in responses {
            #expect(response.status == 200 && response.body == "hello")
            #expect(response.fields == ["Content-Length: 5", "X-Server: one"])
            #expect(response.target == "127.0.0.1:\(server.port)" && response.attempts == 1)
        }
        #expect(server.log.connections == 1)
        #expect(
            server.log.requests == Array(repeating: "GET /health HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)", count: 3)
        )
        try await server.stop()
    }

    @Test func `a call tries the next endpoint if one refuses the connection`() async throws {
        // Another test may soon listen on a port that was closed.
        let closed = TargetURL.unix(path: "/nonexistent/gateway.sock")
        let server = try await CannedServer.start("HTTP/1.1 103 Early Hints\r\n\r\n" + Self.ok)
        let responses = try await self.ask([closed, server.url], count: 2)
        #expect(responses.map(\.status) == [200, 200])
        #expect(responses.map(\.attempts) == [2, 1])
        #expect(responses.map(\.fields.first) == ["103", "103"])
        try await server.stop()
    }

    @Test func `a call receives the reason if there is no response`() async throws {
        let server = try await CannedServer.start("SSH-2.0\r\n\r\n")
        let malformed = try await self.ask([server.url])
        #expect(malformed.map(\.error) == [.upstreamInvalidResponse])
        try await server.stop()
        let refused = try await self.ask([server.url])
        #expect(refused.map(\.error) == [.upstreamUnreachable])
        #expect(refused.map(\.attempts) == [1])
    }
}
