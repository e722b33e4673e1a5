import NIOCore
import Testing

@testable import GatewayCore

struct NativeHistogramTests {
    private static let description = MetricDescription(
        "wait_seconds",
        .histogram,
        help: "Time.",
        labels: ["route"],
        unit: .seconds
    )

    private func family(_ series: [(String, [UInt64])], buckets: HistogramBuckets = .standard) -> MetricFamily {
        var family = MetricFamily(Self.description, bounds: buckets.seconds, natively: true)
        for (label, durations) in series {
            let histogram = Histogram(buckets)
            for duration in durations { histogram.observe(nanoseconds: duration) }
            family.append([label], histogram)
        }
        return family
    }

    private func message(_ family: MetricFamily) throws -> ProtobufFields {
        var page = ByteBuffer()
        ExpositionFormat.protobuf.write([family], into: &page)
        return try #require(ProtobufFields.page(page)?.first)
    }

    private func histograms(_ family: MetricFamily) throws -> [ProtobufFields] {
        try self.message(family).messages(4).flatMap { $0.messages(7) }
    }

    /// Durations of all magnitudes.
    private func durations(_ count: Int, seed: UInt64) -> [UInt64] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 16) >> ((state >> 8) % 47)
        }
    }

    @Test func `the family names its type, unit and series`() throws {
        let message = try self.message(self.family([("a", [1000]), ("b", [])]))
        #expect(message.texts(1) == ["wait_seconds"])
        #expect(message.texts(2) == ["Time."])
        #expect(message.numbers(3) == [4])
        #expect(message.texts(5) == ["seconds"])
        let labels = message.messages(4).flatMap { $0.messages(1) }
        #expect(labels.flatMap { $0.texts(1) } == ["route", "route"])
        #expect(labels.flatMap { $0.texts(2) } == ["a", "b"])
    }

    @Test func `classic and native buckets count the same durations`() throws {
        let buckets = HistogramBuckets(seconds: [0.001, 0.0013, 0.25, 1, 60])
        let durations = self.durations(2000, seed: 7).map { min(max($0, 1000), 1 << 28) }
        let histogram = try #require(try self.histograms(self.family([("a", durations)], buckets: buckets)).first)
        #expect(histogram.numbers(1) == [2000])
        let sum = durations.reduce(0.0) { $0 + Double($1) } / 1e9
        #expect(abs((histogram.doubles(2).first ?? 0) - sum) < sum * 1e-9)
        for bucket in histogram.messages(3) {
            let bound = try #require(bucket.doubles(2).first)
            #expect(bucket.numbers(1) == [UInt64(durations.count { Double($0) / 1e9 <= bound })])
        }
        #expect(histogram.messages(3).flatMap { $0.doubles(2) } == buckets.seconds + [.infinity])
        #expect(histogram.signed(5) == [3])
        for (index, count) in histogram.nativeBuckets {
            let (low, high) = (Self.bound(index - 1, schema: 3), Self.bound(index, schema: 3))
            // The first bucket counts all that is shorter.
            let expected = durations.count { (Double($0) / 1e9 > low || index == -160) && Double($0) / 1e9 <= high }
            #expect(count == Int64(expected), "bucket \(index)")
        }
        #expect(histogram.nativeBuckets.values.reduce(0, +) == 2000)
    }

    /// 2^(index / 2^schema), by repeated roots.
    private static func bound(_ index: Int64, schema: Int) -> Double {
        let steps = Int64(1) << Int64(schema)
        var base = 2.0
        for _ in 0..<schema { base = base.squareRoot() }
        let whole = Double(sign: .plus, exponent: Int(index >> Int64(schema)), significand: 1)
        return (0..<(index & (steps - 1))).reduce(whole) { value, _ in value * base }
    }

    @Test func `a bound belongs to the bucket that it ends`() throws {
        let durations: [UInt64] = [1_000_000_000, 1_000_000_001, 1_090_507_732, 1_090_507_733, 500_000_000]
        let histogram = try self.histograms(self.family([("a", durations)]))[0]
        #expect(histogram.nativeBuckets == [0: 1, 1: 2, 2: 1, -8: 1])
    }

    @Test func `zero and the longest durations count too`() throws {
        let histogram = try self.histograms(self.family([("a", [0, 1, 954, .max, UInt64.max - 1])]))[0]
        #expect(histogram.nativeBuckets == [-160: 2, -159: 1, 192: 2] || histogram.nativeBuckets == [-160: 3, 192: 2])
        #expect(histogram.numbers(7) == [0])
    }

    @Test func `an empty histogram is native, because its zero bucket has a width`() throws {
        let histogram = try self.histograms(self.family([("a", [])]))[0]
        #expect(histogram.numbers(1) == [0])
        #expect(histogram.signed(5) == [3])
        #expect(histogram.doubles(6) == [0x1p-128])
        #expect(histogram.nativeBuckets.isEmpty)
    }

    @Test func `the resolution is lowered if more than 160 buckets are in use`() throws {
        let exact = (-159...0).map { NativeBuckets.bound(of: $0) }
        #expect(try self.histograms(self.family([("a", exact)]))[0].signed(5) == [3])
        let more = exact + [NativeBuckets.bound(of: 1)]
        let histogram = try self.histograms(self.family([("a", more)]))[0]
        #expect(histogram.signed(5) == [2])
        // Two buckets of schema 3 each; the last holds the bound that was added.
        #expect(histogram.nativeBuckets.values.reduce(0, +) == 161)
        #expect(histogram.nativeBuckets[0] == 2)
        #expect(histogram.nativeBuckets[1] == 1)
        #expect(histogram.nativeBuckets.count <= 160)
    }

    @Test(arguments: 0..<20) func `the sum of several event loops is the histogram of all durations`(seed: UInt64)
        throws
    {
        let durations = self.durations(300, seed: seed)
        let parts = (0..<3).map { part in
            self.family([("b", Array(durations[part * 100..<(part + 1) * 100])), ("a\(part)", [])])
        }
        let merged = try #require(MetricFamily.merged(parts))
        let whole = try self.histograms(self.family([("b", durations)]))[0]
        let sum = try self.histograms(merged)[3]
        #expect(merged.labels == [["a0"], ["a1"], ["a2"], ["b"]])
        #expect(sum.nativeBuckets == whole.nativeBuckets)
        #expect(sum.signed(5) == whole.signed(5))
        #expect(sum.messages(3).map { $0.numbers(1) } == whole.messages(3).map { $0.numbers(1) })
    }

    @Test func `exemplars stand at their bucket and at the histogram`() throws {
        let digits = Array(String(repeating: "a", count: 32).utf8)
        let trace = try #require(digits.withUnsafeBytes { TraceDigits($0) })
        let histogram = Histogram(.standard)
        histogram.observe(nanoseconds: 2_000_000, trace: trace, at: .uptimeNanoseconds(1_500_000_000))
        var family = MetricFamily(Self.description, bounds: HistogramBuckets.standard.seconds, natively: true)
        family.append(["a"], histogram)
        var page = ByteBuffer()
        ExpositionFormat.protobuf.write([family], epoch: 10_000_000_000, into: &page)
        let message = try #require(ProtobufFields.page(page)?.first?.messages(4).first?.messages(7).first)
        for exemplar in [message.messages(3)[1].messages(3).first, message.messages(16).first] {
            #expect(exemplar?.messages(1).first?.texts(1) == ["trace_id"])
            #expect(exemplar?.messages(1).first?.texts(2) == [String(repeating: "a", count: 32)])
            #expect(exemplar?.doubles(2) == [0.002])
            #expect(exemplar?.messages(3).first?.numbers(1) == [11])
            #expect(exemplar?.messages(3).first?.numbers(2) == [500_000_000])
        }
    }

    @Test func `counters and gauges have their own messages`() throws {
        var counter = MetricFamily(MetricDescription("x_total", .counter, help: "X.", labels: ["a"]))
        counter.append(["\u{FC}\n"], 1e17)
        var gauge = MetricFamily(MetricDescription("y", .gauge(.sum), help: "Y."))
        gauge.append([], -0.5)
        var page = ByteBuffer()
        ExpositionFormat.protobuf.write([counter, gauge, MetricFamily(Self.description)], into: &page)
        let messages = try #require(ProtobufFields.page(page))
        #expect(messages.map { $0.texts(1) } == [["x_total"], ["y"]])
        #expect(messages.map { $0.numbers(3) } == [[0], [1]])
        #expect(messages[0].messages(4)[0].messages(1)[0].texts(2) == ["\u{FC}\n"])
        #expect(messages[0].messages(4)[0].messages(3)[0].doubles(1) == [1e17])
        #expect(messages[1].messages(4)[0].messages(2)[0].doubles(1) == [-0.5])
    }

    @Test(arguments: [
        ["wait_seconds"], ["wait_seconds_bucket"], ["wait_seconds_sum"], ["wait_seconds_count", "nonsense"],
    ]) func `any sample of a histogram selects all of it`(names: [String]) throws {
        let families = [self.family([("a", [1])]), MetricFamily(MetricDescription("z", .counter, help: "Z."))]
        var page = ByteBuffer()
        ExpositionFormat.protobuf.write(families, selection: MetricSelection(Set(names)), into: &page)
        let message = try #require(ProtobufFields.page(page)?.first)
        #expect(message.messages(4)[0].messages(7)[0].numbers(1) == [1])
        #expect(MetricSelection(Set(names)).mayInclude("wait_seconds"))
        #expect(!MetricSelection(Set(names)).mayInclude("z"))
    }
}
