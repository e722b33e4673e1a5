import GatewayCore
import GatewaySettings
import Logging
import Testing

@testable import GatewayEvents

@Suite struct StoredAlertsTests {
    private static let second: Int64 = 1_000_000_000

    /// A moment of a run whose clock began at `start`.
    private static func moment(_ seconds: Int64, start: Int64 = 0) -> AlertMoment {
        AlertMoment(clock: (seconds - start) * self.second, wall: seconds * 1000)
    }

    private static func rule(_ change: (inout AlertConfiguration) -> Void = { _ in }) throws -> AlertRule {
        var alert = AlertConfiguration()
        alert.name = "errors"
        alert.when = "error_rate > 5%"
        alert.message = "{route}: {value}"
        alert.resolveAfter = .seconds(60)
        change(&alert)
        return try #require(AlertRule(alert, metrics: AlertMetrics()))
    }

    private static func verdicts(_ holds: Bool?) -> AlertTable<AlertEvaluator.Verdict> {
        let verdict = AlertEvaluator.Verdict(holds: holds, value: holds == nil ? .nan : 0.5, unit: .ratio)
        return AlertTable([AlertLabels(["route": "a"]): verdict])
    }

    /// A board with an alert that fires since second 10, and is silenced until second 5000.
    private static func fired() throws -> AlertBoard {
        var board = AlertBoard()
        _ = board.apply([try Self.rule()], at: Self.moment(0))
        let events = board.evaluated(0, Self.verdicts(true), isWarm: true, at: Self.moment(10)).events
        #expect(events.map(\.type) == ["alert.firing"])
        return board
    }

    /// Through a store, as over a restart.
    private static func restarted(_ board: AlertBoard, at now: AlertMoment) async throws -> AlertBoard {
        let store = EventStore(path: "", log: Logger(label: "test"))
        let alerts = StoredAlerts(board)
        try await store.run { connection throws(SQLiteError) in try AlertRows.save(alerts, to: connection) }
        let read = try await store.run { connection throws(SQLiteError) in try AlertRows.load(from: connection) }
        await store.close()
        var restored = AlertBoard()
        restored.restore(try #require(read), at: now)
        if now.wall >= 10_000 { #expect(StoredAlerts(restored) == alerts) }
        return restored
    }

    @Test func `an alert fires on after a restart, without another notice`() async throws {
        let now = Self.moment(1000, start: 990)
        var board = try await Self.restarted(Self.fired(), at: now)
        #expect(board.apply([try Self.rule()], at: now) == [])
        // Nothing is known yet.
        #expect(board.evaluated(0, Self.verdicts(nil), isWarm: false, at: now).events.isEmpty)
        #expect(board.firing.map(\.count) == [1])
        let later = Self.moment(1060, start: 990)
        #expect(board.evaluated(0, Self.verdicts(true), isWarm: true, at: later).events.isEmpty)
        for (seconds, types) in [(1070, []), (1130, ["alert.resolved"])] as [(Int64, [String])] {
            let moment = Self.moment(seconds, start: 990)
            #expect(board.evaluated(0, Self.verdicts(false), isWarm: true, at: moment).events.map(\.type) == types)
        }
        #expect(board.history.transitions.map(\.to) == [.firing, .resolved])
    }

    @Test func `an alert of a rule that is gone after a restart is resolved`() async throws {
        let now = Self.moment(1000, start: 990)
        var board = try await Self.restarted(Self.fired(), at: now)
        let events = board.apply([try Self.rule { $0.when = "error_rate > 6%" }], at: now)
        #expect(events.map(\.type) == ["alert.resolved"])
        #expect(events.first?.data["message"] == "a: 50 %")
    }

    @Test func `a silence lasts until its time, not longer`() async throws {
        var before = try Self.fired()
        before.silence("errors", AlertSilence(until: Self.moment(5000), comment: "deploy"))
        let board = try await Self.restarted(before, at: Self.moment(1000, start: 990))
        #expect(board.silence(of: "errors", at: Self.moment(4999, start: 990))?.comment == "deploy")
        #expect(board.silence(of: "errors", at: Self.moment(5000, start: 990)) == nil)
    }

    @Test func `times of a clock that was ahead are now`() async throws {
        var board = try await Self.restarted(Self.fired(), at: Self.moment(5, start: 0))
        _ = board.apply([try Self.rule()], at: Self.moment(5))
        #expect(board.entry("errors")?.instances.values.first?.since == Self.moment(5))
    }

    @Test func `what cannot be read is forgotten`() async throws {
        let store = EventStore(path: "", log: Logger(label: "test"))
        let read = try await store.run { connection throws(SQLiteError) in
            try connection.run("INSERT INTO alerts (id, state) VALUES (1, ?)", .text("{\"rules\":"))
            return try AlertRows.load(from: connection)
        }
        #expect(read == nil)
        await store.close()
    }
}
