import GatewaySettings
import Testing

@testable import GatewayAdmin

struct ProblemTests {
    /// 2026-11-30T12:03:10Z.
    private static let noon: Int64 = 1_796_040_190_000

    private static func problem(_ part: String = "", _ severity: EventSeverity = .warning, since: Int64?) -> Problem {
        Problem(
            kind: .target,
            subject: "users",
            part: part,
            severity: severity,
            what: "target 127.0.0.1:9002 of users is down",
            why: "refused",
            since: since
        )
    }

    @Test func `a problem is a sentence`() {
        let problem = Self.problem(since: Self.noon)
        let text = problem.text(at: Self.noon + 60_000)
        #expect(text == "target 127.0.0.1:9002 of users is down since 12:03: refused")
        #expect(
            problem.json(at: Self.noon) == [
                "since": "2026-11-30T12:03:10Z", "severity": "warning", "kind": "target", "subject": "users",
                "text": .string(text),
            ]
        )
    }

    @Test func `an old problem has its date`() {
        let text = Self.problem(since: Self.noon).text(at: Self.noon + 86_400_000)
        #expect(text == "target 127.0.0.1:9002 of users is down since 2026-11-30 12:03: refused")
    }

    @Test func `without a reason there is no colon`() {
        var problem = Self.problem(since: Self.noon)
        problem.why = ""
        #expect(problem.text(at: Self.noon) == "target 127.0.0.1:9002 of users is down since 12:03")
    }

    @Test func `a problem began when it was first seen, unless its source knows better`() {
        var memory = ProblemMemory()
        var noted = memory.note([Self.problem(since: nil)], at: 1000)
        #expect(noted.map(\.since) == [1000])
        noted = memory.note([Self.problem(since: nil)], at: 6000)
        #expect(noted.map(\.since) == [1000])
        noted = memory.note([Self.problem(since: 700)], at: 7000)
        #expect(noted.map(\.since) == [700])
    }

    @Test func `a problem that comes back began anew`() {
        var memory = ProblemMemory()
        _ = memory.note([Self.problem(since: nil)], at: 1000)
        var noted = memory.note([], at: 2000)
        #expect(noted.isEmpty)
        noted = memory.note([Self.problem(since: nil)], at: 3000)
        #expect(noted.map(\.since) == [3000])
    }

    @Test func `the words may change while a problem lasts`() {
        var memory = ProblemMemory()
        _ = memory.note([Self.problem(since: nil)], at: 1000)
        var changed = Self.problem(since: nil)
        changed.why = "timeout"
        let noted = memory.note([changed], at: 2000)
        #expect(noted.map(\.since) == [1000])
    }

    @Test func `the most severe and newest come first`() {
        var memory = ProblemMemory()
        let noted = memory.note(
            [
                Self.problem("a", .info, since: 9), Self.problem("b", .warning, since: 1),
                Self.problem("c", .critical, since: 2), Self.problem("d", .warning, since: 5),
            ],
            at: 10
        )
        #expect(noted.map(\.part) == ["c", "d", "b", "a"])
    }

    @Test func `lost lines are a problem for a minute`() {
        var lines = LostLines()
        var noted: Problem?
        noted = lines.note(0, at: 1000)
        #expect(noted == nil)
        noted = lines.note(3, at: 2000)
        #expect(noted?.why.hasPrefix("3 so far") == true)
        noted = lines.note(5, at: 30_000)
        #expect(noted?.since == 2000)
        noted = lines.note(5, at: 89_999)
        #expect(noted?.why.hasPrefix("5 so far") == true)
        noted = lines.note(5, at: 90_000)
        #expect(noted == nil)
        noted = lines.note(6, at: 95_000)
        #expect(noted?.why.hasPrefix("1 so far") == true)
    }
}
