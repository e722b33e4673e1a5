import Testing

@testable import GatewayCache

struct CacheStoreTests {
    @Test(arguments: 0..<8 as Range<UInt64>)
    func `finds what was stored last, and never takes more than its size`(seed: UInt64) {
        var model = CacheStoreModel(seed: seed, maxSize: 40_000, shards: seed % 2 == 0 ? 1 : 4)
        model.run(steps: 1000)
        #expect(model.failures == [])
    }

    @Test func `answers no fewer requests than LRU of a Zipf load with scans`() {
        let ratios = CacheTrace.ratios(urls: 2000, exponent: 1, scanning: 0.2, capacity: 200, requests: 20_000)
        #expect(ratios.store >= ratios.lru)
    }
}
