import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayRedis

extension EndToEnd {
    /// The script decides as the algorithms in Swift do.
    @Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    struct RateLimitScriptTests {
        private static let periods: [UInt64] = [1, 60, 3600, 86_400].map { $0 * 1_000_000_000 }

        /// Runs the script at times that the test chooses.
        private static let source = RateLimitScript.source.replacing(
            "redis.call('TIME')",
            with: "{ARGV[#ARGV - 1], ARGV[#ARGV]}"
        )

        private static func rule(_ random: inout SeededGenerator) -> RateLimitRule {
            let isSliding = Bool.random(using: &random)
            let most: UInt64 = random.once(in: 3) ? GenericCellRate.maximum : 30
            let periods = Self.periods.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random))
            return RateLimitRule(
                periods.map { period in
                    let limit = UInt64.random(in: 1...most, using: &random)
                    let burst = UInt64.random(in: 1...limit, using: &random)
                    let cost = max(1, burst / UInt64.random(in: 1...20, using: &random))
                    return isSliding
                        ? .sliding(SlidingWindow(limit: limit, period: period, cost: cost))
                        : .cellRate(GenericCellRate(limit: limit, period: period, burst: burst, cost: cost))
                }
            )
        }

        /// Microseconds since 1970, often at the same time or at the end of a window.
        private static func times(_ random: inout SeededGenerator) -> [UInt64] {
            var now = UInt64.random(in: 1_700_000_000_000_000...1_900_000_000_000_000, using: &random)
            return (0..<60).map { _ in
                switch Int.random(in: 0..<8, using: &random) {
                case 0, 1: break
                case 2: now += 1
                case 3: now += UInt64.random(in: 0...1_000_000, using: &random)
                case 4: now += UInt64.random(in: 0...60_000_000, using: &random)
                case 5: now = (now / 1_000_000 + 1) * 1_000_000 - UInt64.random(in: 0...1, using: &random)
                case 6: now += UInt64.random(in: 0...1000, using: &random)
                default: now += random.once(in: 4) ? UInt64.random(in: 0...200_000_000_000, using: &random) : 10
                }
                return now
            }
        }

        @Test func `decisions, quotas and waits are those of the memory, to the request`() async throws {
            let server = try await RedisServer.start()
            defer { server.stop() }
            let client = try await server.connect()
            defer { client.close() }
            guard case .bytes(let digest) = try await client.send("SCRIPT", "LOAD", Self.source) else {
                Issue.record("the script was not loaded")
                return
            }
            var random = SeededGenerator(7)
            var allowed = 0
            for history in 0..<Thoroughness.count(8, thorough: 2000) {
                let rule = Self.rule(&random)
                let times = Self.times(&random)
                let head = ["EVALSHA", String(buffer: digest), "1", "key\(history)"] + RateLimitScript.arguments(rule)
                let replies = try await client.send(times.map { head + ["\($0 / 1_000_000)", "\($0 % 1_000_000)"] })
                var cells = ContiguousArray(repeating: RateLimitCell(), count: rule.windows.count)
                for (time, reply) in zip(times, replies) {
                    let decision = rule.decide(&cells, from: 0, at: time * 1000)
                    let count = try #require(RateLimitScript.count(reply, by: rule), "\(reply)")
                    #expect(count == RateLimitCount(isAllowed: decision.isAllowed, now: time * 1000, cells: cells))
                    #expect(rule.decision(count) == decision)
                    if decision.isAllowed { allowed += 1 }
                }
            }
            #expect(allowed > 20)
        }

        @Test func `a server knows the script by its digest, by its own clock, and lets keys expire`() async throws {
            let server = try await RedisServer.start()
            defer { server.stop() }
            let client = try await server.connect()
            defer { client.close() }
            let rule = RateLimitRule([.sliding(SlidingWindow(limit: 2, period: 60_000_000_000, cost: 1))])
            let tail = ["1", "key"] + RateLimitScript.arguments(rule)
            _ = try await client.send([["EVAL", RateLimitScript.source] + tail])
            let replies = try await client.send((0..<2).map { _ in ["EVALSHA", RateLimitScript.digest] + tail })
            let counts = try replies.map { try #require(RateLimitScript.count($0, by: rule), "\($0)") }
            #expect(counts.map(\.isAllowed) == [true, false])
            guard case .array(let time) = try await client.send("TIME"), case .bytes(let seconds) = time[0] else {
                Issue.record("the server has no time")
                return
            }
            #expect(counts[1].now / 1_000_000_000 <= UInt64(String(buffer: seconds)) ?? 0)
            #expect(counts[1].now / 1_000_000_000 + 60 > UInt64(String(buffer: seconds)) ?? .max)
            guard case .integer(let life) = try await client.send("PTTL", "key") else {
                Issue.record("the key does not expire")
                return
            }
            #expect(life > 0 && life <= 121_000)
        }

        @Test func `a damaged value counts as none`() async throws {
            let server = try await RedisServer.start()
            defer { server.stop() }
            let client = try await server.connect()
            defer { client.close() }
            let rule = RateLimitRule([.sliding(SlidingWindow(limit: 2, period: 60_000_000_000, cost: 1))])
            try await client.send("SET", "key", "damaged")
            let command = ["EVAL", RateLimitScript.source, "1", "key"] + RateLimitScript.arguments(rule)
            let count = RateLimitScript.count(try await client.send([command])[0], by: rule)
            #expect(count?.isAllowed == true)
            #expect(count?.cells[0].current == 1)
        }
    }
}
