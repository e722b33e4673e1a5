import NIOCore
import Testing

@testable import GatewayEvents

@Suite struct SentryLimitsTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    /// Sun, 06 Nov 1994 08:49:37 GMT
    private static let time: Int64 = 784_111_777

    /// How many seconds errors and transactions are refused after a response.
    private static func refused(_ status: Int, _ limits: [String], _ retryAfter: String? = nil) -> [Int] {
        var state = SentryLimits()
        state.received(status: status, limits: limits, retryAfter: retryAfter, at: Self.start, time: Self.time)
        return SentryLimits.Category.allCases.map { category in
            var seconds = 0
            while seconds < 10_000, state.isLimited(category, at: Self.start + .seconds(Int64(seconds))) {
                seconds += 1
            }
            return seconds
        }
    }

    @Test(arguments: [
        (200, [], nil, [0, 0]),
        (429, [], nil, [60, 60]),
        (429, [], "7", [7, 7]),
        (429, [], "1.2", [2, 2]),
        (429, [], "Sun, 06 Nov 1994 08:49:47 GMT", [10, 10]),
        (429, [], "nonsense", [60, 60]),
        (429, [], "-3", [60, 60]),
        (200, [], "7", [0, 0]),
        (200, ["60:error;default:key, 2700::organization"], nil, [2700, 2700]),
        (200, ["60:error;default:key"], nil, [60, 0]),
        (200, ["5:transaction:key:quota:reason", "9:error"], nil, [9, 5]),
        (429, ["60:attachment:key"], "99", [0, 0]),
        (200, ["50:ERROR:key"], nil, [50, 0]),
        (200, ["x:error:key"], nil, [60, 0]),
        (200, ["30"], nil, [30, 30]),
        (200, [" , ,"], nil, [0, 0]),
        (429, [""], "8", [8, 8]),
        (200, ["nan:error", "inf:error"], nil, [60, 0]),
        (200, ["30:error", "20:error"], nil, [30, 0]),
    ])
    func `the limits of a response`(_ status: Int, _ limits: [String], _ retryAfter: String?, _ seconds: [Int]) {
        #expect(Self.refused(status, limits, retryAfter) == seconds)
    }

    @Test func `no limit lasts for ever`() {
        var state = SentryLimits()
        state.received(status: 429, limits: ["1e300:error"], retryAfter: nil, at: Self.start, time: Self.time)
        #expect(state.isLimited(.error, at: Self.start + .hours(24 * 29)))
        #expect(!state.isLimited(.error, at: Self.start + .hours(24 * 31)))
    }

    @Test func `a shorter limit later does not shorten one`() {
        var state = SentryLimits()
        state.received(status: 429, limits: [], retryAfter: "100", at: Self.start, time: Self.time)
        state.received(status: 429, limits: [], retryAfter: "5", at: Self.start + .seconds(1), time: Self.time)
        #expect(state.isLimited(.error, at: Self.start + .seconds(99)))
    }
}
