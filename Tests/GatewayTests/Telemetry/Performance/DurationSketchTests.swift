import Testing

@testable import Gateway
@testable import GatewayCore

struct DurationSketchTests {
    @Test(arguments: [1, 2, 3, 4]) func `the error is at most 1/32`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let nanoseconds = random.next() >> UInt64.random(in: 23...63, using: &random)
            let middle = DurationSketch.middle(of: DurationSketch.bucket(of: nanoseconds))
            let error = abs(middle - Double(nanoseconds))
            #expect(error <= max(512, Double(nanoseconds) / 32), "\(nanoseconds)")
        }
    }

    @Test func `buckets are ascending and without gaps`() {
        var last = -1
        for exponent in 0..<64 {
            for offset: UInt64 in [0, 1] {
                let bucket = DurationSketch.bucket(of: (UInt64(1) << UInt64(exponent)) - offset)
                #expect(bucket >= last - 1)
                last = max(last, bucket)
            }
        }
        #expect(last == DurationSketch.octaveCount * DurationSketch.steps - 1)
        #expect(DurationSketch.bucket(of: .max) == last)
    }

    @Test func `memory is allocated only for recorded durations, and kept`() {
        var sketch = DurationSketch()
        #expect(sketch.byteCount == 0)
        sketch.add(milliseconds: 100)
        #expect(sketch.byteCount == 32)
        sketch.add(milliseconds: 1)
        #expect(sketch.byteCount == 7 * 32 + 32)
        sketch.clear()
        #expect(sketch.count == 0)
        #expect(sketch.buckets.isEmpty)
        #expect(sketch.byteCount == 7 * 32 + 32)
        sketch.add(milliseconds: 10)
        #expect(sketch.buckets.map(\.1) == [1])
    }

    @Test func `counts above sixteen bits are correct`() {
        var sketch = DurationSketch()
        sketch.add(milliseconds: 5)
        for _ in 0..<100_000 { sketch.add(milliseconds: 20) }
        #expect(sketch.buckets.map(\.1) == [1, 100_000])
        sketch.add(milliseconds: 900)
        sketch.add(milliseconds: 1)
        #expect(sketch.buckets.map(\.1) == [1, 1, 100_000, 1])
        #expect(sketch.count == 100_003)
    }

    @Test func `extremes and errors are exact`() {
        var sketch = DurationSketch()
        for nanoseconds: UInt64 in [7_000_001, 3, 1 << 60] {
            sketch.add(nanoseconds, in: DurationSketch.bucket(of: nanoseconds), isError: nanoseconds == 3)
        }
        #expect(sketch.minimum == 3)
        #expect(sketch.maximum == 1 << 60)
        #expect(sketch.errors == 1)
    }
}

extension DurationSketch {
    mutating func add(milliseconds: UInt64) {
        let nanoseconds = milliseconds * 1_000_000
        self.add(nanoseconds, in: Self.bucket(of: nanoseconds), isError: false)
    }

    var buckets: [(Int, UInt64)] {
        var buckets: [(Int, UInt64)] = []
        self.forEachBucket { buckets.append(($0, $1)) }
        return buckets
    }
}
