import GatewayHTTP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import GatewayCache
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewayRedis

struct CacheTierTests {
    /// One gateway in front of a server that others use too.
    private final class TestGateway {
        let shared: SharedTier
        let tier: CacheTier
        let channel: TierPurgeChannel
        let meters = MeterShard(budget: SeriesBudget(limit: 100), buckets: .standard)
        private let applied: NIOLockedValueBox<[Purge]>

        /// The purges that came from others.
        var purges: [Purge] { self.applied.withLockedValue { $0 } }

        init(_ number: UInt64, _ server: FakeTierServer, on eventLoop: any EventLoop, limit: TimeAmount = .seconds(60))
        {
            let applied = NIOLockedValueBox<[Purge]>([])
            self.applied = applied
            self.shared = SharedTier(names: TierNames(prefix: "p:"), limit: limit, gateway: number) { purge in
                applied.withLockedValue { $0.append(purge) }
            }
            self.tier = CacheTier(self.shared, server, on: eventLoop, TierMeters(self.meters))
            self.channel = TierPurgeChannel(self.shared, server, on: eventLoop)
        }

        func write(_ value: StoredValue.Response = .sample(), vary: [String] = [], kept: Bool = true) {
            var value = value
            value.seen = self.shared.seen
            value.variant = vary.isEmpty ? [] : [7]
            if !kept { value.lifetime.lifetime = 0 }
            if !kept { value.lifetime.staleWhileRevalidate = 0 }
            if !kept { value.lifetime.staleIfError = 0 }
            self.tier.write(value, at: self.tier.key([1]), selection: vary, hasValidator: false)
        }

        /// What a request finds; nil also while nothing was answered.
        func find() -> CacheTier.Found? {
            var found: CacheTier.Found?
            let select: ([String]) -> [UInt8] = { $0 == ["x"] ? [7] : [] }
            self.tier.find(self.tier.key([1]), select: select) { found = $0 }
            return found
        }

        func count(_ counter: KeyPath<TierMeters, Counter>) -> Double { self.tier.meters[keyPath: counter].value }
    }

    private static let selectNothing: @Sendable ([String]) -> [UInt8] = { _ in [] }

    /// Runs `body` on an event loop, where all replies come at once.
    private func run(_ body: @escaping @Sendable (FakeTierServer, any EventLoop) throws -> Void) async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        try await eventLoop.submit { try body(FakeTierServer(), eventLoop) }.get()
    }

    private func pair(_ server: FakeTierServer, _ eventLoop: any EventLoop) -> (TestGateway, TestGateway) {
        let pair = (TestGateway(1, server, on: eventLoop), TestGateway(2, server, on: eventLoop))
        server.subscribe(pair.0.channel)
        server.subscribe(pair.1.channel)
        return pair
    }

    @Test func `another gateway finds what one has written`() async throws {
        try await self.run { server, eventLoop in
            let (one, two) = self.pair(server, eventLoop)
            #expect(one.shared.isReady && two.shared.isReady && two.find() == nil)
            one.write()
            let found = try #require(two.find())
            // It is kept for 65 s, of which the server has 50 s left.
            #expect(found.value.body == ByteBuffer(string: "hello") && found.elapsed == 15_000 && !found.isStale)
            #expect(two.count(\.hit) == 1 && two.count(\.miss) == 1 && two.count(\.error) == 0)
        }
    }

    @Test func `a variant is found by its selecting fields`() async throws {
        try await self.run { server, eventLoop in
            let (one, two) = self.pair(server, eventLoop)
            one.write(vary: ["x"])
            #expect(server.values.count == 2)
            #expect(two.find() != nil)
        }
    }

    @Test func `a response of no further use is not written`() async throws {
        try await self.run { server, eventLoop in
            let (one, _) = self.pair(server, eventLoop)
            one.write(kept: false)
            #expect(server.values.isEmpty)
        }
    }

    @Test(arguments: [true, false]) func `a purge reaches every gateway and the tier`(isSoft: Bool) async throws {
        let purge = Purge(.tag("a"), isSoft: isSoft)
        let gateways = NIOLockedValueBox<(NIOLoopBound<TestGateway>, NIOLoopBound<TestGateway>)?>(nil)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        try await eventLoop.submit {
            let (one, two) = self.pair(FakeTierServer(), eventLoop)
            one.write()
            one.shared.purge(purge)
            gateways.withLockedValue {
                $0 = (NIOLoopBound(one, eventLoop: eventLoop), NIOLoopBound(two, eventLoop: eventLoop))
            }
        }.get()
        // The purge is sent by a task of the event loop.
        try await eventLoop.submit {
            guard let (one, two) = gateways.withLockedValue({ $0 }) else { return }
            #expect(one.value.purges == [] && two.value.purges == [purge])
            for gateway in [one.value, two.value] {
                #expect(gateway.find()?.isStale == (isSoft ? true : nil))
                #expect(gateway.shared.unconfirmed == 0)
            }
            one.value.write()
            #expect(two.value.find()?.isStale == false)
            gateways.withLockedValue { $0 = nil }
        }.get()
    }

    @Test func `a purge while Redis is away is done before anything is read`() async throws {
        try await self.run { server, eventLoop in
            let (one, two) = self.pair(server, eventLoop)
            one.write()
            server.unsubscribe(one.channel)
            one.shared.purge(Purge(.route("all")))
            #expect(one.shared.unconfirmed == 1)
            #expect(one.find() == nil && two.find() != nil)
            server.subscribe(one.channel)
            #expect(one.shared.isReady && one.shared.unconfirmed == 0)
            #expect(one.find() == nil && two.find() == nil && two.purges == [Purge(.route("all"))])
        }
    }

    @Test func `a gateway that was cut off catches up`() async throws {
        try await self.run { server, eventLoop in
            let (one, two) = self.pair(server, eventLoop)
            one.write()
            server.unsubscribe(one.channel)
            server.unsubscribe(two.channel)
            two.shared.purge(Purge(.all))
            #expect(two.shared.unconfirmed == 1)
            server.subscribe(two.channel)
            #expect(one.purges == [])
            server.subscribe(one.channel)
            #expect(one.purges == [Purge(.all)] && one.find() == nil)
        }
    }

    @Test func `a gateway whose missed purges are gone empties its memory`() async throws {
        try await self.run { server, eventLoop in
            let (one, two) = self.pair(server, eventLoop)
            server.unsubscribe(one.channel)
            server.unsubscribe(two.channel)
            two.shared.purge(Purge(.tag("other")))
            server.subscribe(two.channel)
            server.trim()
            server.subscribe(one.channel)
            #expect(one.purges.first == Purge(.all) && one.shared.isReady)
        }
    }

    @Test func `gateways go on with an empty server`() async throws {
        try await self.run { server, eventLoop in
            let (one, two) = self.pair(server, eventLoop)
            one.write()
            server.loseEverything()
            #expect(two.find() == nil)
            one.write()
            #expect(two.find() != nil)
            server.loseEverything()
            server.unsubscribe(one.channel)
            server.subscribe(one.channel)
            #expect(one.shared.isReady && one.purges == [Purge(.all)] && two.purges.isEmpty)
            one.write()
            #expect(two.find() != nil)
        }
    }

    @Test func `damaged values are misses`() async throws {
        try await self.run { server, eventLoop in
            let (one, two) = self.pair(server, eventLoop)
            one.write()
            for (key, value) in server.values {
                var value = value
                value.setInteger(0xFF as UInt8, at: value.readableBytes / 2)
                server.values[key] = value
            }
            #expect(two.find() == nil && two.count(\.miss) == 1)
        }
    }

    @Test func `while Redis is down, look-ups end at once`() async throws {
        try await self.run { server, eventLoop in
            let (one, _) = self.pair(server, eventLoop)
            server.state = .down
            one.write()
            #expect(one.find() == nil && one.count(\.error) == 2)
        }
    }

    @Test func `a refused write is counted and not repeated`() async throws {
        try await self.run { server, eventLoop in
            let (one, _) = self.pair(server, eventLoop)
            server.writeReply = .error("OOM command not allowed when used memory > 'maxmemory'.")
            let before = server.commands
            one.write()
            #expect(one.count(\.error) == 1 && server.commands == before + 1)
        }
    }

    @Test func `writes that pile up are dropped`() async throws {
        try await self.run { server, eventLoop in
            let (one, _) = self.pair(server, eventLoop)
            server.state = .hanging
            for _ in 0..<TierWrites.maximumCount + 3 { one.write() }
            #expect(one.count(\.dropped) == 3)
        }
    }

    @Test func `a server that does not answer is a miss after the limit`() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let done = eventLoop.makePromise(of: Bool.self)
        let kept = NIOLockedValueBox<NIOLoopBound<TestGateway>?>(nil)
        try await eventLoop.submit {
            let server = FakeTierServer()
            let gateway = TestGateway(1, server, on: eventLoop, limit: .milliseconds(1))
            server.subscribe(gateway.channel)
            server.state = .hanging
            kept.withLockedValue { $0 = NIOLoopBound(gateway, eventLoop: eventLoop) }
            gateway.tier.find(gateway.tier.key([1]), select: Self.selectNothing) { done.succeed($0 == nil) }
        }.get()
        #expect(try await done.futureResult.get())
        try await eventLoop.submit { kept.withLockedValue { #expect($0?.value.count(\.error) == 1) } }.get()
    }

    @Test func `look-ups at start wait until purges are known`() async throws {
        try await self.run { server, eventLoop in
            let (one, _) = self.pair(server, eventLoop)
            one.write()
            let three = TestGateway(3, server, on: eventLoop)
            var found: [CacheTier.Found?] = []
            three.tier.find(three.tier.key([1]), select: Self.selectNothing) { found.append($0) }
            #expect(found.isEmpty)
            server.subscribe(three.channel)
            #expect(found.count == 1 && found[0] != nil)
            let four = TestGateway(4, server, on: eventLoop)
            four.tier.find(four.tier.key([1]), select: Self.selectNothing) { found.append($0) }
            four.channel.unsubscribed()
            #expect(found.count == 2 && found[1] == nil)
            // From then on nobody waits.
            #expect(four.find() == nil && four.count(\.error) == 2)
        }
    }
}
