/// The buckets of native histograms, whose bounds are powers of 2^(1/8) seconds: each is 9 % wider than the one before.
///
/// https://prometheus.io/docs/specs/native_histograms/
package enum NativeBuckets {
    /// The resolution: 2^schema buckets per power of two.
    package static let schema: Int32 = 3
    /// The indices in use. The first bucket ends below a microsecond, and counts all shorter durations; the last counts all
    /// durations of more than 188 days.
    static let indices = -160...192
    /// How many buckets of a series may be in use before their resolution is lowered.
    static let limit = 160
    /// Below it a value counts as zero: 2^-128 seconds. No duration does.
    static let zeroThreshold = 0x1p-128

    /// 2^(n/8).
    private static let steps = [
        1, 1.0905077326652577, 1.1892071150027210, 1.2968395546510096, 1.4142135623730951, 1.5422108254079408,
        1.6817928305074292, 1.8340080864093425,
    ]

    /// The upper bound of a bucket in nanoseconds, rounded down: what exceeds it belongs to the next.
    static func bound(of index: Int) -> UInt64 {
        let power = Double(sign: .plus, exponent: index >> 3, significand: 1)
        return UInt64((Self.steps[index & 7] * power * 1e9).rounded(.down))
    }
}
