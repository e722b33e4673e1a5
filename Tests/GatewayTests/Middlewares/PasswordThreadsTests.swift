import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayAccess
@testable import GatewayCore
@testable import GatewayMiddlewares

@Suite struct PasswordThreadsTests {
    /// Threads that compute nothing until the test lets them.
    private final class Gate: Sendable {
        let count = NIOLockedValueBox((running: 0, most: 0, total: 0))
        private let semaphore = DispatchSemaphore(value: 0)

        func run(_ work: PasswordThreads.Work) -> PasswordVerdict {
            self.count.withLockedValue {
                $0.running += 1
                $0.total += 1
                $0.most = max($0.most, $0.running)
            }
            self.semaphore.wait()
            self.count.withLockedValue { $0.running -= 1 }
            return work.password == [1] ? .right(0) : .wrong(isUser: true)
        }

        func open() { for _ in 0..<1000 { self.semaphore.signal() } }
    }

    private let gate = Gate()
    private let users = BasicUsers(PasswordUsers([]), consumers: Consumers())
    private let verdicts = NIOLockedValueBox<[Int: PasswordVerdict]>([:])

    private func makeThreads() -> PasswordThreads { PasswordThreads(concurrency: 2, run: self.gate.run) }

    private func check(_ number: Int, with threads: PasswordThreads, of client: UInt64 = 1) -> PasswordThreads.Queue
        .Ticket?
    {
        let password = [UInt8(truncatingIfNeeded: number)]
        let work = PasswordThreads.Work(users: self.users, lookup: .empty, password: password)
        let pair = PairDigest((UInt64(number), 0))
        return threads.check(pair, work, of: client) { [verdicts] verdict in
            verdicts.withLockedValue { $0[number, default: verdict] = verdict }
        }
    }

    private func wait(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !condition() {
            try #require(ContinuousClock.now < deadline)
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    @Test
    func `the caller goes on while passwords are hashed, of which 256 wait`() async throws {
        let threads = self.makeThreads()
        defer { self.gate.open() }
        for number in 1...258 { #expect(self.check(number, with: threads) != nil) }
        #expect(self.check(259, with: threads) == nil)
        #expect(self.check(1, with: threads) != nil)
        // Another client gets a place that the first one had too many of.
        #expect(self.check(260, with: threads, of: 2) != nil)
        #expect(self.verdicts.withLockedValue { $0 } == [258: .unavailable])
        try await self.wait { self.gate.count.withLockedValue { $0.running } == 2 }
        self.gate.open()
        try await self.wait { self.verdicts.withLockedValue { $0.count } == 259 }
        #expect(self.gate.count.withLockedValue { $0.most } == 2)
        #expect(self.gate.count.withLockedValue { $0.total } == 258)
        #expect(self.verdicts.withLockedValue { $0[1] } == .right(0))
        #expect(self.verdicts.withLockedValue { $0[2] } == .wrong(isUser: true))
    }

    @Test
    func `verdicts are remembered, and passwords of clients that left are not hashed`() async throws {
        let threads = self.makeThreads()
        defer { self.gate.open() }
        for number in 1...2 { #expect(self.check(number, with: threads) != nil) }
        let left = try #require(self.check(3, with: threads))
        #expect(self.check(4, with: threads) != nil)
        threads.leave(left)
        self.gate.open()
        try await self.wait { self.verdicts.withLockedValue { $0[4] } != nil }
        #expect(self.verdicts.withLockedValue { $0[3] } == nil)
        // However long the test takes, this is before they are forgotten.
        let time = NIODeadline.uptimeNanoseconds(0)
        #expect(self.users.recall(PairDigest((4, 0)), at: time) == .wrong(isUser: true))
        #expect(self.users.recall(PairDigest((3, 0)), at: time) == .unknown)
        guard case .right(user: 0, _) = self.users.recall(PairDigest((1, 0)), at: time) else {
            Issue.record("the right pair is not remembered")
            return
        }
    }
}
