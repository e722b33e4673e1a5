import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewaySettings

struct MetricValuesTests {
    @Test func `series whose labels start with the given ones are added up`() {
        var family = MetricFamily(TargetMeters.requestsAnswered)
        family.append(["api", "a", "200"], 3)
        family.append(["api", "a", "500"], 1)
        family.append(["api", "b", "200"], 5)
        let values = MetricValues([family])
        #expect(values.sum(TargetMeters.requestsAnswered, where: ["api", "a"]) == 4)
        #expect(values.sum(TargetMeters.requestsAnswered) == 9)
        #expect(values.sum(TargetMeters.requestsAnswered, where: ["other"]) == 0)
        #expect(values.sum(RouteMeters.errorsByCode) == 0)
    }

    @Test func `a histogram with observations has a mean`() {
        let histogram = Histogram(.standard)
        var empty = MetricFamily(TargetMeters.requestDuration, bounds: HistogramBuckets.standard.seconds)
        empty.append(["api", "a"], histogram)
        #expect(MetricValues([empty]).mean(TargetMeters.requestDuration, where: ["api", "a"]) == nil)
        histogram.observe(nanoseconds: 1_000_000_000)
        histogram.observe(nanoseconds: 3_000_000_000)
        var family = MetricFamily(TargetMeters.requestDuration, bounds: HistogramBuckets.standard.seconds)
        family.append(["api", "a"], histogram)
        #expect(MetricValues([family]).mean(TargetMeters.requestDuration, where: ["api", "a"]) == 2)
        #expect(MetricValues([family]).mean(TargetMeters.requestDuration, where: ["api", "b"]) == nil)
    }

    @Test(arguments: [(3, 3), (2.6, 3), (-1, -1), (0x1p63, .max), (.infinity, .max), (.nan, .max)])
    func `any number is converted to an integer`(value: Double, expected: Int) {
        #expect(JSONValue.whole(value) == .integer(expected))
    }
}
