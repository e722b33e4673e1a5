import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

/// The upstreams of one worker, while configurations change.
@Suite struct UpstreamClusterTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    /// A worker with the upstreams of a registry.
    private final class World: Sendable {
        let registry: UpstreamRegistry
        private let loop: any EventLoop
        private let worker: NIOLoopBound<Worker>
        private let running: NIOLoopBoundBox<[String: any Upstream]>

        init(_ configuration: GatewayConfiguration) async throws {
            let registry = UpstreamRegistry(configuration, inProcess: [:])
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            self.registry = registry
            self.loop = loop
            (self.worker, self.running) = try await loop.submit {
                let worker = WorkerFixture.make(on: loop)
                let upstreams = registry.makeUpstreams(for: worker)
                return (NIOLoopBound(worker, eventLoop: loop), NIOLoopBoundBox(upstreams, eventLoop: loop))
            }.get()
        }

        func update(_ configuration: GatewayConfiguration) async throws {
            self.registry.update(configuration)
            try await self.loop.submit {
                self.running.value = self.registry.makeUpstreams(for: self.worker.value, updating: self.running.value)
            }.get()
        }

        /// The cluster of `name`, to be asked even after it was stopped.
        func cluster(_ name: String = "api") async throws -> NIOLoopBound<UpstreamCluster> {
            try await self.loop.submit {
                let cluster = try #require(self.running.value[name] as? UpstreamCluster)
                return NIOLoopBound(cluster, eventLoop: self.loop)
            }.get()
        }

        func isRunning(_ cluster: NIOLoopBound<UpstreamCluster>) async throws -> Bool {
            try await self.loop.submit { self.running.value["api"] === cluster.value }.get()
        }

        func get(_ path: String, from cluster: NIOLoopBound<UpstreamCluster>) async throws -> TestCall.Response {
            try await self.loop.flatSubmit { TestCall.get(path, from: cluster.value) }.get()
        }

        /// Lets the loop see what other threads have told it.
        func settle() async throws { for _ in 0..<3 { try await self.loop.submit {}.get() } }

        func stop() async throws {
            try await self.loop.submit {
                for upstream in self.running.value.values { upstream.stop() }
                self.worker.value.deadlines.stop()
            }.get()
        }
    }

    private static func configuration(
        _ servers: [CannedServer],
        in name: String = "api",
        _ change: (inout UpstreamConfiguration) -> Void = { _ in }
    ) -> GatewayConfiguration {
        var upstream = UpstreamConfiguration()
        upstream.targets = servers.map { TargetConfiguration($0.url) }
        upstream.balance = .roundRobin
        change(&upstream)
        var configuration = GatewayConfiguration()
        configuration.upstreams[name] = upstream
        return configuration
    }

    private static func eventually(_ condition: () -> Bool) async throws {
        for _ in 0..<500 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
        #expect(condition())
    }

    @Test func `a target that remains keeps its connection, one that is gone closes it`() async throws {
        let kept = try await CannedServer.start(Self.ok)
        let gone = try await CannedServer.start(Self.ok)
        let added = try await CannedServer.start(Self.ok)
        let world = try await World(Self.configuration([kept, gone]))
        let cluster = try await world.cluster()
        for _ in 0..<2 { #expect(try await world.get("/", from: cluster).status == 200) }
        #expect([kept.log.requests.count, gone.log.requests.count] == [1, 1])
        let target = try #require(world.registry.targets["api"]?.last)
        try await world.update(Self.configuration([added, kept]) { $0.targets[0].weight = 3 })
        #expect(try await world.isRunning(cluster))
        for _ in 0..<8 { #expect(try await world.get("/", from: cluster).status == 200) }
        #expect([kept.log.requests.count, gone.log.requests.count, added.log.requests.count] == [3, 1, 6])
        #expect([kept.log.connections, added.log.connections] == [1, 1])
        try await Self.eventually { gone.log.open == 0 }
        try await world.settle()
        #expect(target.permits.taken == 0 && !target.endpoints[0].isInUse)
        try await world.stop()
        for server in [kept, gone, added] { try await server.stop() }
    }

    @Test func `a lower limit closes idle connections`() async throws {
        let server = try await CannedServer.start(Self.ok)
        let world = try await World(Self.configuration([server]) { $0.maxConnections = 4 })
        let cluster = try await world.cluster()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { _ = try await world.get("/", from: cluster) } }
            try await group.waitForAll()
        }
        try await world.update(Self.configuration([server]) { $0.maxConnections = 1 })
        try await Self.eventually { server.log.open <= 1 }
        #expect(try await world.get("/", from: cluster).status == 200)
        try await world.stop()
        try await server.stop()
    }

    @Test func `a cluster that was removed serves the calls it still receives, and keeps nothing`() async throws {
        let server = try await CannedServer.start(Self.ok)
        let world = try await World(Self.configuration([server]))
        let cluster = try await world.cluster()
        let target = try #require(world.registry.targets["api"]?.first)
        #expect(try await world.get("/", from: cluster).status == 200)
        try await world.update(Self.configuration([server], in: "other"))
        try await Self.eventually { server.log.open == 0 }
        for _ in 0..<2 { #expect(try await world.get("/", from: cluster).status == 200) }
        try await Self.eventually { server.log.open == 0 }
        try await world.settle()
        #expect(server.log.connections == 3)
        #expect(target.permits.taken == 0 && !target.endpoints[0].isInUse)
        try await world.stop()
        try await server.stop()
    }

    @Test func `a pool that has drained is freed with its place in the wheel and its meters`() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await loop.submit {
            let worker = WorkerFixture.make(on: loop)
            var configuration = GatewayConfiguration()
            var upstream = UpstreamConfiguration()
            upstream.targets = [TargetConfiguration(.http(host: "127.0.0.1", port: 1))]
            configuration.upstreams["api"] = upstream
            let registry = UpstreamRegistry(configuration, inProcess: [:])
            weak var cluster: UpstreamCluster?
            let slot = worker.deadlines.makeSlot()
            do {
                let upstreams = registry.makeUpstreams(for: worker)
                cluster = upstreams["api"] as? UpstreamCluster
                #expect(registry.targets["api"]?.first?.endpoints.first?.isInUse == true)
                #expect(cluster != nil)
                upstreams["api"]?.stop()
            }
            #expect(cluster == nil)
            #expect(registry.targets["api"]?.first?.endpoints.first?.isInUse == false)
            // The pool had the slot after it.
            #expect(worker.deadlines.makeSlot().index == slot.index + 1)
            _ = worker.meters.copy()
            worker.deadlines.stop()
        }.get()
    }
}
