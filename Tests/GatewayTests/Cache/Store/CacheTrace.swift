import Foundation
import GatewayHTTP

@testable import GatewayCache

/// A seeded load: URLs by a Zipf distribution, and scans of URLs that nobody asks for again.
struct CacheTrace {
    private var random: SeededRandom
    private let cumulative: [Double]
    private var scanned: UInt64 = 1 << 32
    private var scan = 0

    init(seed: UInt64, urls: Int, exponent: Double) {
        self.random = SeededRandom(seed: seed)
        var sum = 0.0
        self.cumulative = (1...urls).map { rank in
            sum += pow(Double(rank), -exponent)
            return sum
        }
    }

    /// - Parameter scanning: The share of requests that belong to scans.
    mutating func next(scanning: Double) -> UInt64 {
        if self.scan == 0, Double.random(in: 0..<1, using: &self.random) < scanning / 500 { self.scan = 500 }
        if self.scan > 0 {
            self.scan -= 1
            self.scanned += 1
            return self.scanned
        }
        let point = Double.random(in: 0..<(self.cumulative.last ?? 1), using: &self.random)
        var (low, high) = (0, self.cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if self.cumulative[middle] < point { low = middle + 1 } else { high = middle }
        }
        return UInt64(low)
    }

    /// The share of requests that a store of so many responses answers, and that an LRU of the same size would.
    static func ratios(
        seed: UInt64,
        urls: Int,
        exponent: Double,
        scanning: Double,
        capacity: Int,
        requests: Int
    ) -> (store: Double, lru: Double) {
        var trace = CacheTrace(seed: seed, urls: urls, exponent: exponent)
        let store = CacheStore(maxSize: capacity * StoredResponse.sample(1, url: "//h/").size)
        var lru = LRU(capacity: capacity)
        let none = HeaderBlock()
        var (storeHits, lruHits) = (0, 0)
        for _ in 0..<requests {
            let number = trace.next(scanning: scanning)
            if store.find(.sample(number), for: none, at: 0) != nil {
                storeHits += 1
            } else {
                store.insert(.sample(number, url: "//h/"), at: 0)
            }
            if lru.use(number) { lruHits += 1 }
        }
        return (Double(storeHits) / Double(requests), Double(lruHits) / Double(requests))
    }
}

/// Counts uses instead of linking entries: short, and fast enough for a test.
private struct LRU {
    private var uses: [UInt64: Int] = [:]
    private var order: [UInt64] = []
    private var oldest = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    mutating func use(_ number: UInt64) -> Bool {
        let isHit = self.uses[number] != nil
        self.order.append(number)
        self.uses[number] = self.order.count - 1
        while self.uses.count > self.capacity {
            if self.uses[self.order[self.oldest]] == self.oldest { self.uses[self.order[self.oldest]] = nil }
            self.oldest += 1
        }
        return isHit
    }
}
