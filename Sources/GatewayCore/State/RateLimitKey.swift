/// Identifies a client: a hash, so that an address and a huge cookie have the same size.
package struct RateLimitKey: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(_ hash: consuming SipHash) {
        let (high, low) = hash.finish()
        self.init(high: high, low: low)
    }
}
