/// Identifies what a cache stores under one URL of a route: a keyed hash of everything that makes the URL.
package struct CacheKey: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
