import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct RateLimitFieldsTests {
    private static func lines(_ rates: [Rate], _ capacities: [Int], remaining: UInt32) -> [String] {
        let fields = RateLimitFields(name: "users", rates: rates, capacities: capacities, selection: .both)
        var decision = RateLimitDecision(count: rates.count)
        for index in rates.indices { decision[index] = RateLimitStanding(remaining: remaining, resetSeconds: 1) }
        var block = HeaderBlock()
        fields.write(decision, into: &block)
        return block.lines
    }

    /// A bucket reports its capacity, and as its window the time in which it refills.
    @Test(arguments: [
        (Rate(60, per: .minute), 60, 60), (Rate(60, per: .minute), 10, 10), (Rate(60, per: .minute), 100, 100),
        (Rate(7, per: .minute), 1, 9), (Rate(1000, per: .second), 10, 1), (Rate(1, per: .day), 2, 172_800),
        (Rate(1000, per: .hour), 500, 1800),
    ])
    func `limit and policy are those of the burst`(rate: GatewaySettings.Rate, burst: Int, window: Int) {
        let lines = Self.lines([rate], [burst], remaining: UInt32(burst))
        #expect(lines.contains("RateLimit-Policy: \"users\";q=\(burst);w=\(window)"))
        #expect(lines.contains("RateLimit: \"users\";r=\(burst);t=1"))
        #expect(lines.contains("X-RateLimit-Limit: \(burst)"))
        #expect(lines.contains("X-RateLimit-Remaining: \(burst)"))
    }

    @Test func `with several windows only the shortest has the burst`() {
        let lines = Self.lines([Rate(10, per: .second), Rate(1000, per: .hour)], [30, 1000], remaining: 5)
        #expect(lines.contains("RateLimit-Policy: \"users-1s\";q=30;w=3, \"users-1h\";q=1000;w=3600"))
    }

    @Test(arguments: [1, 5, 60, 200])
    func `the remainder is never more than the limit`(burst: Int) throws {
        var config = RateLimitMiddleware.Config()
        config.algorithm = .tokenBucket
        config.burst = .count(burst)
        let rule = config.rule
        let fields = RateLimitFields(
            name: "users",
            rates: config.rates,
            capacities: config.capacities,
            selection: .legacy
        )
        var cells: ContiguousArray<RateLimitCell> = [RateLimitCell()]
        var now: UInt64 = 1_000_000_000_000
        for step in 0..<300 {
            let decision = rule.decide(&cells, from: 0, at: now)
            #expect(Int(decision[0].remaining) <= burst)
            var block = HeaderBlock()
            fields.write(decision, into: &block)
            #expect(block.lines.first == "X-RateLimit-Limit: \(burst)")
            now += UInt64(step % 7) * 900_000_000
        }
    }
}
