import Testing

@testable import Gateway
@testable import GatewayCore

struct RateLimitRuleTests {
    private static let second: UInt64 = 1_000_000_000

    private static func rule(_ isSliding: Bool, cost: UInt64 = 1) -> RateLimitRule {
        RateLimitRule(
            [(3, second), (10, 60 * second)].map { limit, period in
                isSliding
                    ? .sliding(SlidingWindow(limit: limit, period: period, cost: cost))
                    : .cellRate(GenericCellRate(limit: limit, period: period, burst: limit, cost: cost))
            }
        )
    }

    @Test(arguments: [true, false])
    func `a rejected request uses up no quota in any window`(isSliding: Bool) {
        let rule = Self.rule(isSliding)
        var cells = ContiguousArray(repeating: RateLimitCell(), count: 2)
        let start = 6000 * Self.second
        for _ in 0..<3 { #expect(rule.decide(&cells, from: 0, at: start).isAllowed) }
        let before = cells
        for _ in 0..<20 {
            let decision = rule.decide(&cells, from: 0, at: start)
            #expect(!decision.isAllowed)
            #expect(decision.limiting == 0)
            #expect(decision.tightest == 0)
            #expect(decision[1].remaining == 7)
        }
        #expect(cells == before)
    }

    @Test(arguments: [true, false])
    func `the wait is that of the slowest window`(isSliding: Bool) {
        let rule = Self.rule(isSliding)
        var cells = ContiguousArray(repeating: RateLimitCell(), count: 2)
        var taken = 0
        for step in 0..<9 as Range<UInt64> {
            for _ in 0..<3 where rule.decide(&cells, from: 0, at: (6000 + 2 * step) * Self.second).isAllowed {
                taken += 1
            }
        }
        #expect(taken >= 10 && taken <= 13)
        let decision = rule.decide(&cells, from: 0, at: 6016 * Self.second)
        #expect(!decision.isAllowed)
        #expect(decision.limiting == 1)
        #expect(decision.tightest == 1)
        #expect(decision.retryAfter >= 1)
        #expect(rule.decide(&cells, from: 0, at: (6016 + UInt64(decision.retryAfter)) * Self.second).isAllowed)
    }

    @Test(arguments: [true, false])
    func `the cost is deducted from each window`(isSliding: Bool) {
        let rule = Self.rule(isSliding, cost: 2)
        var cells = ContiguousArray(repeating: RateLimitCell(), count: 2)
        let decision = rule.decide(&cells, from: 0, at: 6000 * Self.second)
        #expect(decision.isAllowed)
        #expect((decision[0].remaining, decision[1].remaining) == (1, 8))
        #expect(!rule.decide(&cells, from: 0, at: 6000 * Self.second).isAllowed)
    }
}
