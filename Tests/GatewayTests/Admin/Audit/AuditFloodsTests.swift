import GatewaySettings
import Testing

@testable import GatewayAdmin
@testable import GatewayHTTP

struct AuditFloodsTests {
    /// The number of refusals that are recorded at once.
    private static func recorded(
        _ floods: inout AuditFloods,
        _ count: Int,
        from address: String,
        result: String = "unauthorized"
    ) -> Int {
        let actor = AuditActor(name: "anonymous", address: address, requestID: "r")
        let entry = AuditEntry(.refuse, by: actor, target: "/config", result: result)
        return (0..<count).count { _ in floods.occurred(entry, from: address) }
    }

    @Test func `records the first at once, and then the number of further ones`() {
        var floods = AuditFloods()
        #expect(Self.recorded(&floods, 13, from: "192.0.2.1") == AuditFloods.burst)
        #expect(Self.recorded(&floods, 1, from: "192.0.2.1", result: "forbidden") == 1)
        #expect(Self.recorded(&floods, 1, from: "192.0.2.2") == 1)
        let counted = floods.endInterval()
        #expect(counted.map(\.after) == [["count": 3]])
        #expect(counted.first?.actor.address == "192.0.2.1")
        #expect(counted.first?.actor.requestID == nil)
    }

    @Test func `who does not stop is only counted, until a minute passes without them`() {
        var floods = AuditFloods()
        _ = Self.recorded(&floods, 11, from: "192.0.2.1")
        #expect(floods.endInterval().count == 1)
        #expect(Self.recorded(&floods, 5, from: "192.0.2.1") == 0)
        #expect(floods.endInterval().map(\.after) == [["count": 5]])
        #expect(floods.isCounting)
        #expect(floods.endInterval().isEmpty)
        #expect(!floods.isCounting)
        #expect(Self.recorded(&floods, 5, from: "192.0.2.1") == 5)
    }

    @Test func `many addresses are counted together`() {
        var floods = AuditFloods()
        let recorded = (0..<1000).map { Self.recorded(&floods, 1, from: "10.0.0.\($0)") }.reduce(0, +)
        #expect(recorded == AuditFloods.kinds)
        let counted = floods.endInterval()
        #expect(counted.map(\.target) == ["other addresses"])
        #expect(counted.first?.after == ["count": .integer(1000 - AuditFloods.kinds)])
        #expect(!floods.isCounting)
    }

    @Test func `a minute has a limit for all`() {
        var floods = AuditFloods()
        let recorded = (0..<10).map { Self.recorded(&floods, 20, from: "10.0.0.\($0)") }.reduce(0, +)
        #expect(recorded == AuditFloods.limit)
        #expect(floods.endInterval().count == 10)
    }
}
