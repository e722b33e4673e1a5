import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct StallWatchTests {
    /// Returns what the watch does at each look, every 250 ms, with a task each second and a limit of 5 seconds.
    ///
    /// - Parameter answers: Whether the loop has run its last task.
    private static func trace(_ answers: [Bool], every interval: TimeAmount = .milliseconds(250)) -> [StallWatch.OnLook]
    {
        var watch = StallWatch(interval: .milliseconds(250), pause: .seconds(1), limit: .seconds(5))
        return answers.map { watch.look(hasAnswered: $0, after: interval) }
    }

    @Test func `a loop that responds gets a task each second`() {
        let looks = Self.trace(Array(repeating: true, count: 12))
        #expect(looks.indices.filter { looks[$0] == .ask } == [0, 4, 8])
        #expect(looks.allSatisfy { $0 == .ask || $0 == .nothing })
    }

    @Test func `a loop that does not respond for 5 seconds is reported once, and again when it responds`() {
        var answers = [true]
        answers += Array(repeating: false, count: 30)
        answers += [true, true]
        let looks = Self.trace(answers)
        #expect(looks[0] == .ask)
        #expect(looks[1..<20].allSatisfy { $0 == .nothing })
        #expect(looks[20] == .stalled(for: .seconds(5)))
        #expect(looks[21..<31].allSatisfy { $0 == .nothing })
        #expect(looks[31] == .recovered(after: .milliseconds(7750)))
        #expect(looks[32] == .nothing)
    }

    @Test func `a loop that responds in time is not reported`() {
        let looks = Self.trace([true] + Array(repeating: false, count: 19) + [true, true, true])
        #expect(looks[0] == .ask)
        #expect(looks[1...].allSatisfy { $0 == .nothing })
    }

    @Test func `a process that was stopped blames no loop`() {
        // Each look comes an hour after the last one, so the time since the task was given does not count.
        let looks = Self.trace([true, false, true, true], every: .hours(1))
        #expect(looks == [.ask, .nothing, .nothing, .ask])
    }
}
