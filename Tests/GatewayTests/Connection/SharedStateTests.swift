import Testing

@testable import Gateway
@testable import GatewayCore

struct SharedStateTests {
    @Test func `the number of connections is limited`() {
        let shared = SharedState()
        #expect((0..<4).map { _ in shared.admitConnection(limit: 2) } == [true, true, false, false])
        shared.releaseConnection()
        #expect((0..<2).map { _ in shared.admitConnection(limit: 2) } == [true, false])
    }

    @Test func `a lower limit applies to the next connection`() {
        let shared = SharedState()
        #expect(shared.admitConnection(limit: 2) == true)
        #expect(shared.admitConnection(limit: 1) == false)
        shared.releaseConnection()
        #expect(shared.admitConnection(limit: 1) == true)
    }
}
