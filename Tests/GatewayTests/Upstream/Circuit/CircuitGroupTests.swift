import Testing

@testable import GatewayCore

struct CircuitGroupTests {
    @Test(
        arguments: [
            (1, 0.5, 1), (2, 0.5, 1), (3, 0.5, 1), (4, 0.5, 2), (5, 0.5, 2), (10, 0, 1), (3, 1, 3), (3, 0.66, 1),
            (100, 0.29, 29), (10, 0.7, 7), (0, 0.5, 1),
        ] as [(Int, Double, Int)]
    )
    func `the share is rounded down, but one endpoint may always be out`(_ members: Int, _ share: Double, _ room: Int) {
        #expect(CircuitGroup.room(among: members, share: share) == room)
        let group = CircuitGroup()
        var settings = CircuitGroup.Settings()
        settings.maxEjected = share
        group.settings = settings
        for _ in 0..<members { group.join() }
        for _ in 0..<room { #expect(group.takeRoom()) }
        #expect(!group.takeRoom())
        group.returnRoom()
        #expect(group.takeRoom())
    }
}
