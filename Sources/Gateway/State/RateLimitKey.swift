/// Identifies a client: a hash, so that an address and a huge cookie have the same size.
struct RateLimitKey: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(_ hash: consuming SipHash) {
        let (high, low) = hash.finish()
        self.init(high: high, low: low)
    }
}
