import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct PolledHealthTests {
    private static func moment(_ second: Int) -> EndpointHealth.Moment {
        EndpointHealth.Moment(now: .uptimeNanoseconds(UInt64(second) * 1_000_000_000), time: Int64(second) * 1000)
    }

    /// The state after each poll of a trace: `+` succeeds, `-` fails. `?` is unknown, `U` up, `D` down.
    private static func states(_ trace: String, healthyAfter: Int, unhealthyAfter: Int) -> String {
        let thresholds = PolledHealth.Thresholds(healthyAfter: healthyAfter, unhealthyAfter: unhealthyAfter)
        var health = PolledHealth(since: self.moment(0))
        var states = ""
        for (second, poll) in trace.enumerated() {
            let moment = self.moment(second + 1)
            _ = poll == "+" ? health.succeeded(thresholds, at: moment) : health.failed(thresholds, at: moment)
            switch health.state {
            case .unknown: states += "?"
            case .up: states += "U"
            case .down: states += "D"
            }
        }
        return states
    }

    @Test(arguments: [
        ("+", 2, 3, "U"),
        ("+", 9, 9, "U"),
        ("---", 2, 3, "??D"),
        ("-", 2, 1, "D"),
        // Failures count from the first poll on, and a success starts the count over.
        ("--+", 2, 3, "??U"),
        ("--+--", 2, 3, "??UUU"),
        ("+--+--+---", 2, 3, "UUUUUUUUUD"),
        ("+---++", 2, 3, "UUUDDU"),
        ("+---+-++", 2, 3, "UUUDDDDU"),
        ("+---+++---", 3, 3, "UUUDDDUUUD"),
        ("+-+-+-", 1, 1, "UDUDUD"),
        ("-----+", 1, 2, "?DDDDU"),
    ])
    func `thresholds decide`(trace: String, healthyAfter: Int, unhealthyAfter: Int, states: String) {
        #expect(Self.states(trace, healthyAfter: healthyAfter, unhealthyAfter: unhealthyAfter) == states)
    }

    @Test func `each change is reported once, and the counts are those of the current run`() {
        let thresholds = PolledHealth.Thresholds(healthyAfter: 2, unhealthyAfter: 2)
        var health = PolledHealth(since: Self.moment(0))
        #expect(health.succeeded(thresholds, at: Self.moment(1)) == .confirmed)
        #expect(health.succeeded(thresholds, at: Self.moment(2)) == .unchanged)
        #expect(health.since == Self.moment(1) && health.successes == 2 && health.failures == 0)
        #expect(health.failed(thresholds, at: Self.moment(3)) == .unchanged)
        #expect(health.failed(thresholds, at: Self.moment(4)) == .wentDown)
        #expect(health.failed(thresholds, at: Self.moment(5)) == .unchanged)
        #expect(health.since == Self.moment(4) && health.successes == 0 && health.failures == 3)
        #expect(health.succeeded(thresholds, at: Self.moment(6)) == .unchanged)
        #expect(health.succeeded(thresholds, at: Self.moment(7)) == .recovered)
        #expect(health.since == Self.moment(7) && health.successes == 2 && health.failures == 0)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a state lasts until the other outcome has occurred often enough in a row`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let (healthyAfter, unhealthyAfter) = (
            Int.random(in: 1...4, using: &random), Int.random(in: 1...4, using: &random)
        )
        let trace = (0..<500).map { _ in Bool.random(using: &random) ? "+" : "-" }
        let states = Array(
            Self.states(trace.joined(), healthyAfter: healthyAfter, unhealthyAfter: unhealthyAfter)
        )
        for (index, state) in states.enumerated() {
            let run = trace[...index].reversed().prefix { $0 == trace[index] }.count
            if trace[index] == "+", run >= healthyAfter { #expect(state == "U") }
            if trace[index] == "-", run >= unhealthyAfter { #expect(state == "D") }
            guard index > 0, state != states[index - 1] else { continue }
            #expect(state == "U" ? run >= healthyAfter || states[index - 1] == "?" : run >= unhealthyAfter)
        }
    }
}
