import Testing

@testable import GatewayCore
@testable import GatewaySettings

struct FailureStatusesTests {
    @Test(arguments: [
        [], [StatusRange(500...599)], [StatusRange(100), StatusRange(163...164), StatusRange(429), StatusRange(599)],
    ])
    func `it contains the statuses of its ranges`(ranges: [StatusRange]) {
        let statuses = FailureStatuses(ranges)
        for status in 0...1_000 {
            #expect(statuses.contains(status) == ranges.contains { $0.statuses.contains(status) })
        }
    }
}
