import Testing

@testable import Gateway

struct InspectionTurnsTests {
    @Test func `one inspection runs at a time, and the others follow in order`() async throws {
        let turns = InspectionTurns()
        #expect(await turns.begin())
        var waiting: [Task<Bool, Never>] = []
        for number in 1...InspectionTurns.limit {
            waiting.append(Task { await turns.begin() })
            while turns.waiting < number { await Task.yield() }
        }
        for task in waiting {
            turns.end()
            #expect(await task.value)
        }
        turns.end()
        #expect(await turns.begin())
    }

    @Test func `an inspection for which there is no room is refused`() async throws {
        let turns = InspectionTurns()
        #expect(await turns.begin())
        let waiting = (1...InspectionTurns.limit).map { _ in Task { await turns.begin() } }
        while turns.waiting < InspectionTurns.limit { await Task.yield() }
        #expect(await !turns.begin())
        // The tasks may have come in any order, so each ends before one is waited for.
        for _ in waiting { turns.end() }
        for task in waiting { #expect(await task.value) }
    }
}
