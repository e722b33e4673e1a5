import Testing

@testable import GatewayCore

struct HistogramCellsTests {
    @Test(arguments: [
        [], [0.001], HistogramBuckets.standard.seconds, [1e-9, 1e-7, 0.1, 0.1001, 0.1002, 0.1003, 1, 3e9],
    ]) func `each duration is in the first bucket whose bound it does not exceed`(seconds: [Double]) {
        let buckets = HistogramBuckets(seconds: seconds)
        let bounds = buckets.seconds.map { UInt64(($0 * 1e9).rounded()) }
        let natives = NativeBuckets.indices.map { NativeBuckets.bound(of: $0) }
        for bound in Set(bounds + natives + (0..<64).map { UInt64(1) << $0 }) {
            for duration in [bound &- 1, bound, bound &+ 1] {
                let histogram = Histogram(buckets)
                histogram.observe(nanoseconds: duration)
                var values: [Double] = []
                histogram.copy(to: &values)
                #expect(values.firstIndex { $0 > 0 } == bounds.firstIndex { duration <= $0 } ?? bounds.count)
                var counts: [UInt64] = []
                let first = histogram.copyNative(to: &counts)
                let native = natives.firstIndex { duration <= $0 } ?? natives.count - 1
                #expect(counts.firstIndex(of: 1).map { first + $0 } == NativeBuckets.indices.lowerBound + native)
            }
        }
    }

    @Test func `memory is allocated for the durations that were counted`() {
        let histogram = Histogram(.standard)
        #expect(histogram.byteCount == 0)
        histogram.observe(nanoseconds: 5_000_000)
        #expect(histogram.byteCount == 64)
        histogram.observe(nanoseconds: 100_000_000)
        #expect(histogram.byteCount < 600)
        var values: [Double] = []
        histogram.copy(to: &values)
        #expect(values.reduce(0, +) == 2.105)
    }
}
