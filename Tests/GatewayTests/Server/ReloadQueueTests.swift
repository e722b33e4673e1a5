import NIOConcurrencyHelpers
import Testing

@testable import Gateway

struct ReloadQueueTests {
    @Test func `reloads run one at a time`() async {
        let queue = ReloadQueue()
        let running = NIOLockedValueBox((now: 0, most: 0, all: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await queue.run {
                        running.withLockedValue { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.all + 1) }
                        await Task.yield()
                        running.withLockedValue { $0.now -= 1 }
                    }
                }
            }
        }
        let (now, most, all) = running.withLockedValue { $0 }
        #expect((now, most, all) == (0, 1, 50))
    }

    @Test func `the outcome is that of the reload`() async {
        let queue = ReloadQueue()
        let outcomes = [await queue.run { 1 }, await queue.run { 2 }]
        #expect(outcomes == [1, 2])
    }
}
