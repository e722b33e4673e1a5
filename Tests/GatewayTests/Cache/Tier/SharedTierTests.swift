import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayCache
@testable import GatewayMiddlewares

struct SharedTierTests {
    private func makeTier(
        limit: TimeAmount = .seconds(60),
        apply: @escaping @Sendable (Purge) -> Void = { _ in }
    ) -> SharedTier {
        SharedTier(names: TierNames(prefix: "p:"), limit: limit, gateway: 1, apply: apply)
    }

    /// Joins an empty stream.
    private func join(_ tier: SharedTier) {
        tier.change { purges in
            purges.connected()
            let beginning = TierEntry(gateway: 2, content: .beginning)
            _ = purges.read([(TierStamp(rawValue: 1 << 16), beginning)], from: nil)
        }
    }

    @Test func `a purge is not confirmed while Redis is away`() async {
        let tier = self.makeTier()
        let isConfirmed = await tier.isConfirmed(tier.purge(Purge(.all)))
        #expect(!isConfirmed && tier.unconfirmed == 1)
    }

    @Test func `a purge is confirmed once Redis has added it`() async {
        let tier = self.makeTier()
        self.join(tier)
        let number = tier.purge(Purge(.all))
        async let isConfirmed = tier.isConfirmed(number)
        tier.change { purges in
            let report = purges.nextReport()
            _ = purges.added(
                report?.number ?? 0,
                at: TierStamp(rawValue: 2 << 16),
                after: TierStamp(rawValue: 1 << 16)
            )
        }
        #expect(await isConfirmed)
        #expect(await tier.isConfirmed(number))
    }

    @Test func `a purge is not confirmed when the connection is lost, or the time is over`() async {
        let tier = self.makeTier()
        self.join(tier)
        let number = tier.purge(Purge(.all))
        async let isConfirmed = tier.isConfirmed(number)
        tier.change { $0.disconnected() }
        #expect(await !isConfirmed)
        let slow = self.makeTier(limit: .milliseconds(1))
        self.join(slow)
        #expect(await !slow.isConfirmed(slow.purge(Purge(.all))))
    }

    @Test func `many missed purges become one of everything, except those of URLs`() {
        let applied = NIOLockedValueBox<[Purge]>([])
        let tier = self.makeTier { purge in applied.withLockedValue { $0.append(purge) } }
        let urls = (0..<500).map { Purge(.url("a.example/\($0)")) }
        tier.purgeMemory(urls)
        #expect(applied.withLockedValue { $0 } == urls)
        tier.purgeMemory((0..<500).map { Purge(.tag("\($0)"), isSoft: true) })
        #expect(applied.withLockedValue { $0.count } == 501)
        #expect(applied.withLockedValue { $0.last } == Purge(.all))
    }
}
