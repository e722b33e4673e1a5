import Testing

@testable import Gateway
@testable import GatewayCore

struct DurationSummaryTests {
    @Test func `an empty summary has no values`() {
        let summary = DurationSummary()
        #expect(summary.mean == nil)
        #expect(summary.quantile(0.5) == nil)
    }

    @Test(arguments: [0.0, 0.5, 0.9, 0.95, 0.99, 1]) func `a quantile is found across sketches`(share: Double) throws {
        var random = SeededRandom(seed: 42)
        var (parts, all) = ([DurationSummary()], [UInt64]())
        for _ in 0..<3 {
            var sketch = DurationSketch()
            for _ in 0..<5000 {
                let nanoseconds = UInt64.random(in: 20_000...2_000_000_000, using: &random)
                all.append(nanoseconds)
                sketch.add(nanoseconds, in: DurationSketch.bucket(of: nanoseconds), isError: false)
            }
            var part = DurationSummary()
            part.add(sketch)
            parts.append(part)
        }
        var summary = DurationSummary()
        for part in parts { summary.add(part) }
        all.sort()
        let exact = Double(all[max(0, Int((share * Double(all.count)).rounded(.up)) - 1)])
        let found = try #require(summary.quantile(share))
        #expect(abs(found - exact) <= exact / 32 + 1)
        #expect(summary.count == 15_000)
        let mean = try #require(summary.mean)
        #expect(abs(mean - Double(all.reduce(0, +)) / 15_000) < 1)
    }

    @Test func `a single duration is exact`() {
        var sketch = DurationSketch()
        sketch.add(milliseconds: 123)
        var summary = DurationSummary()
        summary.add(sketch)
        for share in [0, 0.5, 1] { #expect(summary.quantile(share) == 123_000_000) }
    }
}
