import Testing

@testable import GatewayAdmin
@testable import GatewayCore

struct CounterChangeTests {
    private static let metric = MetricDescription("requests_total", .counter, help: "", labels: ["route"])

    private static func reading(
        _ second: UInt64,
        _ values: [String: Double],
        limited: [String: UInt64] = [:]
    ) -> CounterReading {
        var family = MetricFamily(self.metric)
        for (route, value) in values.sorted(by: { $0.key < $1.key }) { family.append([route], value) }
        return CounterReading(
            time: second * 1_000_000_000,
            families: [family],
            limited: limited,
            processorSeconds: Double(second) / 4
        )
    }

    private static func added(_ change: CounterChange) -> [String: Double] {
        change.series(of: "requests_total").reduce(into: [:]) { $0[$1.labels[0]] = $1.added[0] }
    }

    @Test func `what was added since an earlier reading`() {
        let change = CounterChange(
            from: Self.reading(100, ["a": 5, "b": 7]),
            to: Self.reading(110, ["a": 25, "b": 7, "c": 3]),
            uptime: 1000
        )
        #expect(Self.added(change) == ["a": 20, "b": 0, "c": 3])
        #expect(change.seconds == 10)
        #expect(change.processorCores == 0.25)
    }

    @Test func `a counter that started over is not negative`() {
        let change = CounterChange(from: Self.reading(1, ["a": 5]), to: Self.reading(2, ["a": 2]), uptime: 10)
        #expect(Self.added(change) == ["a": 0])
    }

    @Test func `without an earlier reading, counting began with the gateway`() {
        let change = CounterChange(from: nil, to: Self.reading(110, ["a": 6]), uptime: 3)
        #expect(Self.added(change) == ["a": 6])
        #expect(change.seconds == 3)
        #expect(change.processorCores == nil)
    }

    @Test func `consumers are compared too`() {
        let change = CounterChange(
            from: Self.reading(1, [:], limited: ["ann": 4]),
            to: Self.reading(2, [:], limited: ["ann": 9, "bob": 2]),
            uptime: 10
        )
        let limited = change.limited.sorted { $0.consumer < $1.consumer }
        #expect(limited.map(\.consumer) == ["ann", "bob"])
        #expect(limited.map(\.added) == [5, 2])
        #expect(limited.map(\.total) == [9, 2])
    }

    @Test func `the baseline is ten seconds old at most, if there is one`() {
        var readings = RecentReadings()
        #expect(readings.baseline(at: 0) == nil)
        for second: UInt64 in 100...150 { readings.append(Self.reading(second, [:])) }
        #expect(readings.baseline(at: 150_500_000_000)?.time == 141_000_000_000)
        #expect(readings.baseline(at: 150_000_000_000)?.time == 140_000_000_000)
        // After a pause, the newest one is the best.
        #expect(readings.baseline(at: 500_000_000_000)?.time == 150_000_000_000)
    }

    @Test func `readings of more than ten seconds ago are dropped`() {
        var readings = RecentReadings()
        for second: UInt64 in 100...1000 {
            readings.append(Self.reading(second, [:]))
            #expect(readings.count <= 12)
        }
    }
}
