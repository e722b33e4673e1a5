import Testing

@testable import GatewayEvents

@Suite struct CounterWindowTests {
    private static let second: Int64 = 1_000_000_000
    private static let source = AlertSource.requests

    private static func labels(_ route: String) -> AlertLabels { AlertLabels(["route": route]) }

    private static func reading(_ values: [String: Double]) -> [AlertSource: AlertReading] {
        [
            self.source: AlertReading(
                rows: Dictionary(uniqueKeysWithValues: values.map { (self.labels($0.key), [$0.value]) })
            )
        ]
    }

    private static func growth(_ window: CounterWindow) -> [String: Double]? {
        window.growth(of: self.source).map { growth in
            Dictionary(uniqueKeysWithValues: growth.rows.map { ($0.key.values[0], $0.value[0]) })
        }
    }

    @Test func `one reading is no growth`() {
        var window = CounterWindow(span: 10 * Self.second)
        #expect(window.growth(of: Self.source) == nil)
        window.add(Self.reading(["a": 500]), at: 0)
        #expect(window.growth(of: Self.source) == nil)
        window.add(Self.reading(["a": 507]), at: 5 * Self.second)
        #expect(Self.growth(window) == ["a": 7])
        #expect(window.growth(of: Self.source)?.seconds == 5)
        #expect(!window.isFull)
    }

    @Test func `only the window counts`() throws {
        var window = CounterWindow(span: 10 * Self.second)
        for step in 0...20 { window.add(Self.reading(["a": Double(step * step)]), at: Int64(step) * Self.second) }
        #expect(window.isFull)
        #expect(window.growth(of: Self.source)?.seconds == 10)
        #expect(Self.growth(window) == ["a": 400 - 100])
    }

    @Test func `a new series begins at zero, and a counter that restarts too`() {
        var window = CounterWindow(span: 60 * Self.second)
        window.add(Self.reading(["a": 100]), at: 0)
        window.add(Self.reading(["a": 110, "b": 3]), at: Self.second)
        window.add(Self.reading(["a": 4, "b": 5]), at: 2 * Self.second)
        #expect(Self.growth(window) == ["a": 14, "b": 5])
    }

    @Test func `a series that vanishes is not part of the growth, and begins again at zero`() {
        var window = CounterWindow(span: 60 * Self.second)
        window.add(Self.reading(["a": 100, "b": 1]), at: 0)
        window.add(Self.reading(["b": 1]), at: Self.second)
        #expect(Self.growth(window) == ["b": 0])
        window.add(Self.reading(["a": 120, "b": 1]), at: 2 * Self.second)
        #expect(Self.growth(window) == ["a": 120, "b": 0])
    }

    @Test func `a source that is added later begins with its first reading`() {
        var window = CounterWindow(span: 60 * Self.second)
        window.add([.processor: AlertReading(rows: [.none: [1]])], at: 0)
        window.add(Self.reading(["a": 1000]), at: Self.second)
        #expect(window.growth(of: Self.source) == nil)
        window.add(Self.reading(["a": 1001]), at: 2 * Self.second)
        #expect(Self.growth(window) == ["a": 1])
        #expect(window.growth(of: .processor) == nil)
    }

    /// Against the list of all increments.
    @Test(arguments: 0..<30)
    func `random counters grow as the sum of their increments`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let span = Int64.random(in: 1...40, using: &random)
        var window = CounterWindow(span: span * Self.second)
        var increments: [(time: Int64, route: String, amount: Double)] = []
        var values: [String: Double] = [:]
        var readings: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<200 {
            now += Int64.random(in: 1...5, using: &random)
            for route in ["a", "b"] {
                if Int.random(in: 0...9, using: &random) == 0 { values[route] = readings.isEmpty ? nil : 0 }
                let amount = Double(Int.random(in: 0...20, using: &random))
                values[route, default: 0] += amount
                increments.append((now, route, amount))
                // A restart that ends above the value before cannot be seen.
            }
            window.add(Self.reading(values), at: now * Self.second)
            readings.append(now)
        }
        guard let growth = window.growth(of: Self.source) else {
            Issue.record("no growth")
            return
        }
        let start = now - Int64(growth.seconds.rounded())
        #expect(readings.contains(start))
        // The window is exceeded by one interval between readings, and a thirtieth.
        #expect(growth.seconds >= Double(min(span, now - readings[0])) && growth.seconds <= Double(span) * 31 / 30 + 10)
        for route in ["a", "b"] {
            let expected = increments.filter { $0.time > start && $0.route == route }.reduce(0) { $0 + $1.amount }
            let counted = growth.rows[Self.labels(route)]?[0] ?? 0
            #expect(counted <= expected)
        }
    }
}
