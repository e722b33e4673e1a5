import NIOCore
import Testing

@testable import GatewayAdmin

@Suite struct WriteLimitTests {
    @Test func `in any minute the limit holds, and its end is told`() {
        var limit = WriteLimit(3)
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        #expect(limit.write(at: start) == .accept)
        #expect(limit.write(at: start + .seconds(10)) == .accept)
        #expect(limit.write(at: start + .seconds(20)) == .accept)
        #expect(limit.write(at: start + .seconds(20)) == .refuse(retryAfter: 40))
        #expect(limit.write(at: start + .milliseconds(59_999)) == .refuse(retryAfter: 1))
        #expect(limit.write(at: start + .seconds(60)) == .accept)
        #expect(limit.write(at: start + .seconds(61)) == .refuse(retryAfter: 9))
        #expect(limit.write(at: start + .seconds(200)) == .accept)
    }
}
