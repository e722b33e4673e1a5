import NIOCore
import Testing

@testable import GatewayCache

struct CacheStoreTests {
    @Test(arguments: 0..<8 as Range<UInt64>)
    func `finds what was stored last, and never takes more than its size`(seed: UInt64) {
        var model = CacheStoreModel(seed: seed, maxSize: 40_000, shards: seed % 2 == 0 ? 1 : 4)
        model.run(steps: 600)
        #expect(model.failures == [])
    }

    @Test(
        arguments: [
            (1, 0.8, 0.2, 200), (2, 1.0, 0.2, 100), (3, 1.0, 0.5, 400), (4, 1.2, 0.1, 200), (5, 1.0, 0.0, 200),
        ] as [(UInt64, Double, Double, Int)]
    )
    func `answers no fewer requests than LRU of a Zipf load with scans`(
        seed: UInt64,
        exponent: Double,
        scanning: Double,
        capacity: Int
    ) {
        let ratios = CacheTrace.ratios(
            seed: seed,
            urls: 2000,
            exponent: exponent,
            scanning: scanning,
            capacity: capacity,
            requests: 4000
        )
        #expect(ratios.store >= ratios.lru)
    }

    // MARK: Eviction

    /// A store with room for so many of these responses.
    private static func store(_ count: Int) -> CacheStore {
        CacheStore(maxSize: count * StoredResponse.sample(url: "//h/").size, shards: 1)
    }

    @discardableResult
    private static func insert(_ numbers: Range<UInt64>, into store: CacheStore) -> Bool {
        numbers.allSatisfy { store.insert(.sample($0, url: "//h/"), at: 0) }
    }

    @Test func `responses that were used twice outlast any number of others`() {
        let store = Self.store(100)
        Self.insert(0..<30, into: store)
        for number in (0..<30 as Range<UInt64>) { for _ in 0..<2 { #expect(store.find(number) != nil) } }
        Self.insert(1000..<2000, into: store)
        #expect((0..<30 as Range<UInt64>).allSatisfy { store.find($0) != nil })
        #expect(store.figures.objects == 100)
    }

    @Test func `the first to go are those that nobody asked for again`() {
        let store = Self.store(10)
        Self.insert(0..<10, into: store)
        for number in [0, 1, 2] as [UInt64] { for _ in 0..<2 { _ = store.find(number) } }
        Self.insert(10..<14, into: store)
        #expect((0..<14 as Range<UInt64>).filter { store.find($0) == nil } == [3, 4, 5, 6])
    }

    @Test func `a response that returns soon after it had to go stays`() {
        let store = Self.store(20)
        Self.insert(0..<21, into: store)
        #expect(store.find(0) == nil)
        Self.insert(0..<1, into: store)
        Self.insert(100..<200, into: store)
        #expect(store.find(0) != nil)
    }

    @Test func `responses of no more use are evicted as such, and found by any insertion`() {
        let store = CacheStore(maxSize: 1 << 20, shards: 1)
        for number in 0..<100 as Range<UInt64> { store.insert(.sample(number, lifetime: 10), at: 0) }
        for number in 100..<150 as Range<UInt64> { store.insert(.sample(number, bornAt: 20), at: 20) }
        #expect(store.figures.evictedExpired >= 90)
        #expect(store.figures.objects == 150 - store.figures.evictedExpired)
        #expect((100..<150 as Range<UInt64>).allSatisfy { store.find($0, at: 20) != nil })
    }

    @Test func `what is larger than the store is not stored, and drives nothing out`() {
        let store = Self.store(10)
        Self.insert(0..<10, into: store)
        #expect(!store.insert(.sample(99, size: store.maxSize), at: 0))
        #expect(store.figures.objects == 10)
    }

    // MARK: Variants

    @Test(arguments: [3, 30, 250])
    func `finds each variant, and keeps the newest hundred of a URL`(count: Int) {
        let store = CacheStore(maxSize: 1 << 22)
        for number in 0..<count { store.insert(.sample(vary: [("accept-language", "l\(number)")]), at: 0) }
        let found = (0..<count).filter { store.find(1, [("accept-language", "l\($0)")]) != nil }
        #expect(found == Array(max(0, count - CacheShard.maximumVariants)..<count))
        #expect(store.find(1, [("accept-language", "none")]) == nil)
        #expect(store.variants(of: .sample(1)).count == found.count)
        for response in store.variants(of: .sample(1)).dropLast(2) { store.drop(response) }
        #expect(store.variants(of: .sample(1)).count == 2)
        #expect(store.find(1, [("accept-language", "l\(found[0])")]) != nil)
    }

    @Test func `takes the variant that was stored last where a request selects several`() {
        let store = CacheStore(maxSize: 1 << 20)
        let old = StoredResponse.sample(vary: [("accept-language", "de")])
        let new = StoredResponse.sample(vary: [("cookie", "a")])
        store.insert(old, at: 0)
        store.insert(new, at: 0)
        let both = [("accept-language", "de"), ("cookie", "a")]
        #expect(store.find(1, both) === new)
        let updated = old.updated(lifetime: old.lifetime)
        #expect(store.replace(old, with: updated, at: 0))
        #expect(store.find(1, both) === updated)
    }

    /// As with `key_host = false`.
    @Test func `one key may have the URLs of several hosts`() {
        let store = CacheStore(maxSize: 1 << 20)
        for host in ["a", "b", "a", "c"] { store.insert(.sample(1, url: "http://\(host)/"), at: 0) }
        #expect(store.list(url: "http://a/").isEmpty && store.list(url: "http://b/").isEmpty)
        #expect(store.list(url: "http://c/").count == 1)
        store.insert(.sample(2, url: "http://b/"), at: 0)
        #expect(store.invalidate(url: "http://c/", at: 0) == 1)
        store.insert(.sample(3, url: "http://c/", askedAt: store.stamp), at: 0)
        #expect(store.list(url: "http://b/").count == 1)
        #expect(store.list(url: "http://c/").count == 1)
        #expect(store.figures.objects == 2)
    }

    // MARK: Bounded steps

    @Test func `a purge looks at a few responses for each lock, and what it concerns is gone at once`() {
        let store = CacheStore(maxSize: 1 << 30, shards: 2)
        for number in 0..<2500 as Range<UInt64> { store.insert(.sample(number, tags: ["t\(number % 2)"]), at: 0) }
        var sweep = store.beginPurge(Purge(.tag("t1")), at: 0)
        var steps = 1
        while store.step(&sweep) {
            steps += 1
            #expect(store.find(UInt64(steps) * 2 + 1) == nil)
            #expect(store.find(UInt64(steps) * 2) != nil)
        }
        #expect(sweep.count == 1250)
        // 1024 in each step.
        #expect(steps == 4)
        #expect(store.figures.objects == 1250)
    }

    @Test func `no look at a shard passes its bound`() {
        var shard = CacheShard()
        for number in 0..<500 as Range<UInt64> { _ = shard.insert(.sample(number, lifetime: 10), size: 1) }
        let sweep = PurgeSweep(Purge(.all), stamp: PurgeStamp(rawValue: 1), at: 0)
        var (end, holds) = (nil as Int?, 0)
        repeat {
            var removed = CacheShard.Removed()
            let (next, count) = shard.purge(before: end, looks: 32, by: sweep, &removed)
            #expect(count <= 32 && removed.responses.count == count)
            end = next
            holds += 1
        } while end != nil
        #expect(holds == 16)
        #expect(shard.count == 0)
        for number in 0..<500 as Range<UInt64> { _ = shard.insert(.sample(number, lifetime: 10), size: 1) }
        #expect(shard.expire(at: 1_000_000, looks: 2).responses.count <= 2)
    }

    // MARK: Threads

    @Test func `counts each byte once, whatever several threads do`() async {
        let store = CacheStore(maxSize: 60_000, shards: 4)
        let exceeded = await withTaskGroup(of: Int.self) { group in
            for seed in 0..<4 as Range<UInt64> {
                group.addTask {
                    var load = CacheStoreLoad(store, seed: seed)
                    return load.run(steps: 500)
                }
            }
            return await group.reduce(0, +)
        }
        #expect(exceeded == 0)
        let stored = (0..<CacheStoreLoad.keys).flatMap { store.variants(of: .sample($0)) }
        #expect(store.figures.objects == stored.count)
        #expect(store.figures.bytes == stored.reduce(0) { $0 + $1.size })
        #expect(await store.purge(Purge(.all), at: 0) == stored.count)
        #expect(store.figures.bytes == 0)
    }
}

/// Random operations of one thread.
private struct CacheStoreLoad {
    static let keys: UInt64 = 60

    private let store: CacheStore
    private var random: SeededRandom
    private var known: StoredResponse?

    init(_ store: CacheStore, seed: UInt64) {
        self.store = store
        self.random = SeededRandom(seed: seed)
    }

    /// Returns how often the store took more than it may.
    mutating func run(steps: Int) -> Int {
        var exceeded = 0
        for step in 0..<steps {
            self.step(Int64(step))
            if self.store.figures.bytes > self.store.maxSize { exceeded += 1 }
        }
        return exceeded
    }

    private mutating func step(_ now: Int64) {
        let number = self.random.next() % Self.keys
        let vary = number % 3 == 0 ? [("accept-language", "l\(self.random.next() % 12)")] : []
        switch self.random.next() % 16 {
        case 0..<6:
            let response = StoredResponse.sample(
                number,
                vary: vary,
                url: "//h/\(number / 2)",
                size: Int(self.random.next() % 2000),
                bornAt: now,
                tags: ["t\(number % 4)"],
                askedAt: self.store.stamp
            )
            if self.store.insert(response, at: now) { self.known = response }
        case 6..<11: self.known = self.store.find(number, vary, at: now) ?? self.known
        case 11:
            guard let old = self.known else { return }
            let new = old.updated(lifetime: old.lifetime, askedAt: self.store.stamp)
            if self.store.replace(old, with: new, at: now) { self.known = new }
        case 12:
            guard let response = self.known else { return }
            let coding = self.random.next() % 2 == 0 ? "br" : "gzip"
            self.store.keep(.init(coding: coding, body: ByteBuffer(repeating: 1, count: 200)), for: response)
        case 13: if let response = self.known { self.store.drop(response) }
        case 14:
            _ = self.store.list(url: "//h/\(number / 2)").count + self.store.invalidate(url: "//h/\(number)", at: now)
        default:
            let isSoft = self.random.next() % 2 == 0
            var sweep = self.store.beginPurge(Purge(.tag("t\(number % 4)"), isSoft: isSoft), at: now)
            while self.store.step(&sweep) {}
        }
    }
}
