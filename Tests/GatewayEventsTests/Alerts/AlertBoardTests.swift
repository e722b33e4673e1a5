import GatewayCore
import GatewaySettings
import Testing

@testable import GatewayEvents

@Suite struct AlertBoardTests {
    private static func rule(_ change: (inout AlertConfiguration) -> Void = { _ in }) throws -> AlertRule {
        var alert = AlertConfiguration()
        alert.name = "errors"
        alert.when = "error_rate > 5%"
        alert.severity = .critical
        alert.message = "{route}: {value} of requests fail"
        change(&alert)
        return try #require(AlertRule(alert, metrics: AlertMetrics()))
    }

    private static func moment(_ seconds: Int64) -> AlertMoment {
        AlertMoment(clock: seconds * 1_000_000_000, wall: 1_767_225_600_000 + seconds * 1000)
    }

    private static func verdicts(_ routes: [String: Double]) -> AlertTable<AlertEvaluator.Verdict> {
        var rows: [AlertLabels: AlertEvaluator.Verdict] = [:]
        for (route, value) in routes {
            rows[AlertLabels(["route": route])] = AlertEvaluator.Verdict(
                holds: value.isNaN ? nil : value > 0.05,
                value: value,
                unit: .ratio
            )
        }
        return AlertTable(rows)
    }

    private static func states(_ board: AlertBoard, at seconds: Int64 = 0) -> [String] {
        guard case .object(let members) = board.json(at: self.moment(seconds)),
            case .array(let alerts) = members[0].value
        else { return [] }
        return alerts.map { alert in
            guard case .object(let members) = alert else { return "" }
            func text(_ name: String) -> String {
                members.first { $0.name == name }.map { JSONText.text($0.value) } ?? "missing"
            }
            return "\(text("labels")) \(text("state")) \(text("value")) \(text("silenced_until"))"
        }
    }

    @Test func `a join with too many pairs has the same ones each time`() {
        func table(_ label: String) -> AlertTable<Int> {
            AlertTable(Dictionary(uniqueKeysWithValues: (0..<150).map { (AlertLabels([label: "\($0)"]), $0) }))
        }
        let joined = (0..<3).map { _ in table("route").joined(table("upstream"), +).rows }
        #expect(joined[0].count == AlertTable<Int>.limit)
        #expect(joined[0] == joined[1])
        #expect(joined[0] == joined[2])
    }

    @Test func `an alert without any series knows since when it has no data`() throws {
        var board = AlertBoard()
        _ = board.apply([try Self.rule()], at: Self.moment(0))
        var times: Set<String> = []
        for second in Int64(1)...3 {
            _ = board.evaluated(0, AlertTable([:]), isWarm: true, at: Self.moment(second))
            times.insert(JSONText.text(board.json(at: Self.moment(9))))
        }
        #expect(times.count == 1)
    }

    @Test func `each series is an alert with events of its own`() throws {
        var board = AlertBoard()
        #expect(board.apply([try Self.rule()], at: Self.moment(0)) == [])
        #expect(Self.states(board) == [#"{} "no_data" null null"#])
        let first = board.evaluated(
            0,
            Self.verdicts(["a": 0.0625, "b": 0.01, "c": .nan]),
            isWarm: true,
            at: Self.moment(5)
        )
        #expect(
            Self.states(board) == [
                #"{"route":"a"} "firing" 0.0625 null"#, #"{"route":"b"} "ok" 0.01 null"#,
                #"{"route":"c"} "no_data" null null"#,
            ]
        )
        let event = try #require(first.events.first)
        #expect(first.events.count == 1)
        #expect((event.type, event.severity, event.topic) == ("alert.firing", .critical, "alerts"))
        #expect(
            JSONText.text(.sorted(event.data))
                == #"{"alert":"errors","labels":{"route":"a"},"message":"a: 6.3 % of requests fail","since":"2026-01-01T00:00:05.000Z","state":"firing","value":0.0625}"#
        )
        let second = board.evaluated(0, Self.verdicts(["a": 0.01, "b": 0.01]), isWarm: true, at: Self.moment(10))
        #expect(second.events.map(\.type) == ["alert.resolved"])
        #expect(second.events.first?.data["state"] == "resolved")
        // A series that is gone leaves no alert.
        #expect(Self.states(board).count == 2)
        #expect(
            JSONText.text(board.historyJSON(limit: 1))
                == #"{"history":[{"alert":"errors","labels":{"route":"a"},"from":"firing","to":"resolved","time":"2026-01-01T00:00:10.000Z","value":0.01}]}"#
        )
    }

    @Test func `a series that is gone while it fires ends its alert`() throws {
        var board = AlertBoard()
        _ = board.apply([try Self.rule { $0.resolveAfter = .seconds(60) }], at: Self.moment(0))
        _ = board.evaluated(0, Self.verdicts(["a": 1]), isWarm: true, at: Self.moment(5))
        #expect(board.evaluated(0, Self.verdicts([:]), isWarm: true, at: Self.moment(10)).events == [])
        #expect(board.due(after: Self.moment(10).clock) == Self.moment(70).clock)
        let end = board.evaluated(0, Self.verdicts([:]), isWarm: true, at: Self.moment(70))
        #expect(end.events.map(\.type) == ["alert.resolved"])
        _ = board.evaluated(0, Self.verdicts([:]), isWarm: true, at: Self.moment(75))
        #expect(Self.states(board) == [#"{} "no_data" null null"#])
    }

    @Test func `a reload keeps the alerts of rules that observe the same, and ends those of others`() throws {
        var board = AlertBoard()
        _ = board.apply([try Self.rule(), try Self.rule { $0.name = "other" }], at: Self.moment(0))
        for index in 0..<2 { _ = board.evaluated(index, Self.verdicts(["a": 1]), isWarm: true, at: Self.moment(5)) }
        let changed = try Self.rule {
            $0.severity = .info
            $0.for = .seconds(60)
        }
        #expect(board.apply([changed, try Self.rule { $0.name = "other" }], at: Self.moment(10)) == [])
        #expect(Self.states(board).allSatisfy { $0.contains("firing") })
        let ends = board.apply([try Self.rule { $0.when = "error_rate > 6%" }], at: Self.moment(20))
        #expect(ends.map { $0.data["alert"] } == ["errors", "other"])
        #expect(ends.map(\.type) == ["alert.resolved", "alert.resolved"])
        #expect(Self.states(board) == [#"{} "no_data" null null"#])
    }

    @Test func `a silence ends by itself, and a test is published all the same`() throws {
        var board = AlertBoard()
        _ = board.apply([try Self.rule()], at: Self.moment(0))
        board.silence("errors", AlertSilence(until: Self.moment(100), comment: "deploy"))
        #expect(board.evaluated(0, Self.verdicts(["a": 1]), isWarm: true, at: Self.moment(5)).events == [])
        #expect(Self.states(board, at: 5) == [#"{"route":"a"} "firing" 1.0 "2026-01-01T00:01:40.000Z""#])
        let test = try #require(board.test("errors", at: Self.moment(6)))
        #expect(test.type == "alert.firing" && test.data["test"] == true && test.data["labels"] == ["route": "a"])
        #expect(board.test("nothing", at: Self.moment(6)) == nil)
        #expect(Self.states(board, at: 100) == [#"{"route":"a"} "firing" 1.0 null"#])
        let late = board.evaluated(0, Self.verdicts(["a": 1]), isWarm: true, at: Self.moment(100))
        #expect(late.events.map(\.type) == ["alert.firing"])
    }

    @Test func `the number of series is limited`() throws {
        var board = AlertBoard()
        _ = board.apply([try Self.rule()], at: Self.moment(0))
        let routes = Dictionary(uniqueKeysWithValues: (0..<1500).map { ("r\($0)", 1.0) })
        let result = board.evaluated(0, Self.verdicts(routes), isWarm: true, at: Self.moment(5))
        #expect(board.firing.map(\.count) == [AlertBoard.seriesLimit])
        #expect(result.dropped > 0 && result.events.count == AlertBoard.seriesLimit)
    }

    @Test func `the history is bounded and leaves out quiet changes`() throws {
        var board = AlertBoard()
        _ = board.apply([try Self.rule()], at: Self.moment(0))
        for step in 1...3000 as ClosedRange<Int64> {
            let value = step % 3 == 0 ? 0.01 : step % 3 == 1 ? Double.nan : 1
            _ = board.evaluated(0, Self.verdicts(["a": value]), isWarm: true, at: Self.moment(step * 1000))
        }
        #expect(board.history.transitions.count == AlertHistory.limit)
        #expect(board.history.transitions.allSatisfy { $0.to == .firing || $0.from == .firing })
    }
}
