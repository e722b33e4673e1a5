import Testing

@testable import Gateway
@testable import GatewayCore

struct InFlightLimitTests {
    @Test func `exactly the limit is admitted, from any number of threads`() async {
        let limit = InFlightLimit()
        let entered = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<5 { group.addTask { (0..<40).count { _ in limit.enter(limit: 40) } } }
            return await group.reduce(0, +)
        }
        #expect(entered == 40)
        #expect(limit.inFlight == 40)
        limit.leave()
        #expect(limit.enter(limit: 40))
        #expect(!limit.enter(limit: 40))
    }
}
