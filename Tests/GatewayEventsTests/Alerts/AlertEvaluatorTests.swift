import GatewaySettings
import Testing

@testable import GatewayEvents

@Suite struct AlertEvaluatorTests {
    static func labels(_ pairs: KeyValuePairs<String, String>) -> AlertLabels {
        AlertLabels(Dictionary(pairs.map { ($0.key, $0.value) }) { first, _ in first })
    }

    private static func route(_ name: String) -> AlertLabels { self.labels(["route": name]) }

    /// - Parameter requests: Requests of each route, and errors.
    private static func evaluator(
        requests: [String: [Double]] = [:],
        readings: [AlertSource: [AlertLabels: [Double]]] = [:],
        minRequests: Int = 10,
        routes: [String] = []
    ) -> AlertEvaluator {
        let rows = Dictionary(requests.map { (self.route($0.key), $0.value) }) { first, _ in first }
        return AlertEvaluator(
            growth: [.requests: CounterWindow.Growth(rows: rows, seconds: 10, bounds: [])],
            readings: readings.mapValues { AlertReading(rows: $0) },
            minRequests: minRequests,
            routes: routes
        )
    }

    private static func holds(_ text: String, _ evaluator: AlertEvaluator) throws -> [AlertLabels: Bool?] {
        evaluator.verdicts(try AlertParserTests.parse(text)).rows.mapValues(\.holds)
    }

    @Test func `each label's series has a verdict of its own`() throws {
        let evaluator = Self.evaluator(requests: ["a": [100, 6], "b": [100, 5], "c": [9, 9]], routes: ["d"])
        #expect(
            try Self.holds("error_rate > 5%", evaluator)
                == [Self.route("a"): true, Self.route("b"): false, Self.route("c"): nil, Self.route("d"): nil]
        )
        #expect(
            try Self.holds("request_rate < 1", evaluator)
                == [Self.route("a"): false, Self.route("b"): false, Self.route("c"): true, Self.route("d"): true]
        )
        #expect(
            try Self.holds("error_rate{route=~'a|c'} > 5%", evaluator) == [Self.route("a"): true, Self.route("c"): nil]
        )
    }

    @Test func `joins leave out series without data`() throws {
        let evaluator = Self.evaluator(requests: ["a": [100, 6], "b": [100, 5], "c": [9, 9]])
        #expect(try Self.holds("max(error_rate) == 6%", evaluator) == [.none: true])
        #expect(try Self.holds("sum(request_rate) > 20", evaluator) == [.none: true])
        #expect(try Self.holds("avg(error_rate{route='c'}) > 0", evaluator) == [.none: nil])
        #expect(try Self.holds("sum(gateway_upstream_connections) > 0", evaluator) == [.none: nil])
    }

    @Test func `a division by zero is no data`() throws {
        let evaluator = Self.evaluator(requests: ["a": [0, 0]])
        #expect(try Self.holds("1 / request_rate > 0", evaluator) == [Self.route("a"): nil])
        #expect(try Self.holds("request_rate / request_rate > 0", evaluator) == [Self.route("a"): nil])
        // It is neither true nor false in what follows.
        #expect(try Self.holds("not 1 / request_rate > 0", evaluator) == [Self.route("a"): nil])
        #expect(try Self.holds("1 / request_rate > 0 or request_rate == 0", evaluator) == [Self.route("a"): true])
        #expect(try Self.holds("1 / request_rate > 0 and request_rate > 0", evaluator) == [Self.route("a"): false])
    }

    @Test func `series join where shared labels are equal`() throws {
        let up = [Self.labels(["upstream": "x"]): [1.0, 2], Self.labels(["upstream": "y"]): [2, 2]]
        let evaluator = Self.evaluator(requests: ["a": [100, 6], "b": [100, 0]], readings: [.targetsUp: up])
        #expect(
            try Self.holds("error_rate > 5% and upstream_up < 1", evaluator) == [
                Self.labels(["route": "a", "upstream": "x"]): true,
                Self.labels(["route": "a", "upstream": "y"]): false,
                Self.labels(["route": "b", "upstream": "x"]): false,
                Self.labels(["route": "b", "upstream": "y"]): false,
            ]
        )
        // A side without labels joins all; series without a partner are kept by `or` only.
        #expect(try Self.holds("error_rate > 5% and min(upstream_up) < 1", evaluator).count == 2)
        let apart = "error_rate{route='a'} > 5% or error_rate{route='b'} > 5%"
        #expect(try Self.holds(apart, evaluator) == [Self.route("a"): true, Self.route("b"): false])
        #expect(try Self.holds(apart.replacing(" or ", with: " and "), evaluator) == [:])
    }

    @Test func `percentiles are interpolated within a bucket`() throws {
        let rows = [Self.route("a"): [50.0, 40, 10, 0, 12.5], Self.route("b"): [0, 0, 0, 20, 100]]
        let evaluator = AlertEvaluator(
            growth: [.durations: CounterWindow.Growth(rows: rows, seconds: 10, bounds: [0.1, 0.2, 1])],
            readings: [:],
            minRequests: 10
        )
        func value(_ measure: String, _ route: String) throws -> Double {
            let verdicts = evaluator.verdicts(try AlertParserTests.parse("\(measure) > 0")).rows
            return try #require(verdicts[Self.route(route)]).value
        }
        #expect(try value("p50", "a") == 0.1)
        #expect(try abs(value("p90", "a") - 0.2) < 1e-9)
        #expect(try abs(value("p95", "a") - 0.6) < 1e-9)
        #expect(try value("latency_avg", "a") == 0.125)
        // Above all bounds: the last one.
        #expect(try value("p50", "b") == 1)
    }

    @Test func `the measured side is the value`() throws {
        let evaluator = Self.evaluator(requests: ["a": [100, 6]])
        for text in [
            "error_rate > 5%", "5% < error_rate", "not error_rate < 5%", "error_rate > 5% and request_rate > 1",
        ] {
            let verdict = try #require(evaluator.verdicts(try AlertParserTests.parse(text)).rows[Self.route("a")])
            #expect(verdict.value == 0.06)
            #expect(verdict.unit.text(verdict.value) == "6 %")
        }
        let either = try AlertParserTests.parse("error_rate > 50% or request_rate > 1")
        #expect(evaluator.verdicts(either).rows[Self.route("a")]?.unit == .perSecond)
    }

    @Test(arguments: [
        (AlertUnit.ratio, 0.0523, "5.2 %"), (.ratio, 1, "100 %"), (.ratio, 0.00004, "0.004 %"),
        (.seconds, 0.32, "320 ms"),
        (.seconds, 0.0012, "1.2 ms"), (.seconds, 1.25, "1.3 s"), (.seconds, 600, "10 min"), (.bytes, 1.3e9, "1.2 GiB"),
        (.bytes, 512, "512 B"), (.perSecond, 12.34, "12.3/s"), (.days, 6.96, "7 days"), (.days, 1, "1 day"),
        (.cores, 1.5, "1.5 cores"), (.none, 3, "3"), (.none, -0.01, "-0.01"), (.none, 0, "0"),
        (.seconds, .nan, "no data"),
        (.none, 1234.5, "1235"), (.ratio, -1e-9, "0 %"),
    ])
    func `values are written for people`(unit: AlertUnit, value: Double, text: String) {
        #expect(unit.text(value) == text)
    }
}
