import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct MemoryRateLimitStoreTests {
    private static let second: UInt64 = 1_000_000_000
    private static let start = 1_000_000 * second

    /// A bucket of `limit` tokens that refills within a minute.
    private static func rule(_ limit: UInt64) -> RateLimitRule {
        RateLimitRule([.cellRate(GenericCellRate(limit: limit, period: 60 * second, burst: limit, cost: 1))])
    }

    private static func key(_ number: Int) -> RateLimitKey {
        var hash = SipHash(seed: SipHash.Seed(1, 2))
        hash.combine(UInt64(number))
        return RateLimitKey(hash)
    }

    @Test(arguments: [10, 10_000])
    func `exactly the limit passes, from any number of threads`(capacity: Int) async {
        let store = MemoryRateLimitStore(capacity: capacity, width: 1)
        let rule = Self.rule(100)
        let passed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    (0..<100).count { _ in store.take(Self.key(1), by: rule, at: Self.start)?.isAllowed == true }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 100)
        #expect(store.count == 1)
    }

    @Test(arguments: [2, 100, 5000])
    func `a flood of keys uses no more memory and evicts no active key`(capacity: Int) {
        let store = MemoryRateLimitStore(capacity: capacity, width: 1)
        let rule = Self.rule(2)
        for number in 0..<capacity {
            #expect(store.take(Self.key(number), by: rule, at: Self.start)?.isAllowed == true)
        }
        for number in 0..<50_000 {
            #expect(store.take(Self.key(1_000_000 + number), by: rule, at: Self.start) == nil)
            _ = store.takeShared(Self.key(2_000_000 + number), by: rule, at: Self.start)
        }
        #expect(store.count <= capacity + max(16, capacity / 16))
        for number in 0..<capacity {
            #expect(store.take(Self.key(number), by: rule, at: Self.start)?.isAllowed == true)
            #expect(store.take(Self.key(number), by: rule, at: Self.start)?.isAllowed == false)
        }
    }

    @Test func `new keys share buckets, and all share one if those run out`() {
        let store = MemoryRateLimitStore(capacity: 1, width: 1)
        let rule = Self.rule(3)
        for _ in 0..<3 { #expect(store.takeShared(Self.key(1), by: rule, at: Self.start).isAllowed) }
        #expect(!store.takeShared(Self.key(1), by: rule, at: Self.start).isAllowed)
        #expect(store.takeShared(Self.key(2), by: rule, at: Self.start).isAllowed)
        let passed = (100..<1000).count { store.takeShared(Self.key($0), by: rule, at: Self.start).isAllowed }
        #expect(passed < 3 * 16)
    }

    @Test(arguments: [100, 5000])
    func `expired keys are evicted first`(capacity: Int) {
        let store = MemoryRateLimitStore(capacity: capacity, width: 1)
        let rule = Self.rule(60)
        for number in 0..<capacity { _ = store.take(Self.key(number), by: rule, at: Self.start) }
        // Every second key is used again, so only the others expire one second later.
        for number in stride(from: 0, to: capacity, by: 2) {
            _ = store.take(Self.key(number), by: rule, at: Self.start)
        }
        let later = Self.start + Self.second
        let found = (0..<capacity / 4).count { store.take(Self.key(1_000_000 + $0), by: rule, at: later) != nil }
        // In a sharded store, a new key only finds expired keys in its shard.
        #expect(found >= capacity / 4 - capacity / 50)
        #expect(store.count <= capacity)
        for number in stride(from: 0, to: capacity, by: 2) {
            #expect(store.take(Self.key(number), by: rule, at: later)?[0].remaining == 58)
        }
    }

    @Test func `idle keys are removed by later requests`() {
        let store = MemoryRateLimitStore(capacity: 100_000, width: 1)
        let rule = Self.rule(60)
        for number in 0..<5000 { _ = store.take(Self.key(number), by: rule, at: Self.start) }
        #expect(store.count == 5000)
        var random = SeededRandom(seed: 1)
        for _ in 0..<5000 {
            let now = Self.start + 60 * Self.second + .random(in: 0..<Self.second, using: &random)
            _ = store.take(Self.key(10_000), by: rule, at: now)
        }
        #expect(store.count == 1)
    }

    /// Compares each key with a bucket that is never evicted, in a store that is always full.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `no relevant count is lost`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let limit = UInt64.random(in: 1...5, using: &random)
        let rule = Self.rule(limit)
        let store = MemoryRateLimitStore(capacity: 200, width: 1)
        var reference: [Int: ContiguousArray<RateLimitCell>] = [:]
        var now = Self.start
        for _ in 0..<20_000 {
            now += UInt64.random(in: 0...(200_000_000), using: &random)
            let number = Int.random(in: 0..<150, using: &random) * (Bool.random(using: &random) ? 1 : 7)
            guard let decision = store.take(Self.key(number), by: rule, at: now) else { continue }
            let expected = rule.decide(&reference[number, default: [RateLimitCell()]], from: 0, at: now)
            #expect(decision == expected)
        }
        #expect(store.count <= 200)
    }

    @Test func `a store is kept under its name while it is in use`() {
        let limiters = RateLimiters(unixMilliseconds: 60_000, at: .uptimeNanoseconds(5))
        #expect(limiters.time(at: .uptimeNanoseconds(7)) == 60 * Self.second + 2)
        #expect(limiters.time(at: .uptimeNanoseconds(0)) == 60 * Self.second - 5)
        var first: MemoryRateLimitStore? = limiters.store(named: "a", capacity: 10, width: 1)
        _ = first?.take(Self.key(1), by: Self.rule(1), at: Self.start)
        #expect(limiters.keys == 1)
        let again = limiters.store(named: "a", capacity: 20, width: 1)
        #expect(again === first)
        #expect(again.capacity == 20)
        first = nil
        #expect(limiters.store(named: "b", capacity: 10, width: 1).count == 0)
        #expect(again.take(Self.key(1), by: Self.rule(1), at: Self.start)?.isAllowed == false)
    }
}
