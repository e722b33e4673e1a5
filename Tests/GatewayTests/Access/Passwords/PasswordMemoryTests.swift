import NIOCore
import Testing

@testable import GatewayAccess

@Suite struct PasswordMemoryTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func pair(_ number: UInt64) -> PairDigest { PairDigest((number, number)) }

    @Test
    func `a right pair is remembered for its time`() {
        var memory = PasswordMemory()
        let until = self.start + PasswordMemory.rightSpan
        memory.remember(self.pair(1), of: 7, until: until)
        #expect(memory.recall(self.pair(1), at: until - .nanoseconds(1)) == .right(user: 7, until: until))
        #expect(memory.recall(self.pair(1), at: until) == .unknown)
        #expect(memory.recall(self.pair(2), at: self.start) == .unknown)
    }

    @Test
    func `each user has one right pair`() {
        var memory = PasswordMemory()
        for number in 0..<1000 {
            memory.remember(self.pair(UInt64(number)), of: number % 3, until: self.start + .minutes(1))
        }
        #expect(memory.count == 3)
        #expect(memory.recall(self.pair(996), at: self.start) == .unknown)
        #expect(memory.recall(self.pair(999), at: self.start) == .right(user: 0, until: self.start + .minutes(1)))
    }

    @Test
    func `wrong pairs are remembered for seconds, and few of them`() {
        var memory = PasswordMemory()
        memory.remember(self.pair(0), of: 0, until: self.start + .minutes(1))
        for number in 1...UInt64(PasswordMemory.mostWrong + 10) {
            memory.rememberWrong(self.pair(number), isUser: number.isMultiple(of: 2), at: self.start)
        }
        #expect(memory.count == PasswordMemory.mostWrong + 1)
        #expect(memory.recall(self.pair(10), at: self.start) == .unknown)
        #expect(memory.recall(self.pair(11), at: self.start) == .wrong(isUser: false))
        #expect(memory.recall(self.pair(12), at: self.start) == .wrong(isUser: true))
        #expect(memory.recall(self.pair(12), at: self.start + PasswordMemory.wrongSpan) == .unknown)
        #expect(memory.recall(self.pair(0), at: self.start) != .unknown)
        memory.rememberWrong(self.pair(9999), isUser: true, at: self.start + PasswordMemory.wrongSpan)
        #expect(memory.count == 2)
    }
}
