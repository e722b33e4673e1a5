import GatewaySettings
import Testing

@testable import GatewayAdmin
@testable import GatewayHTTP

struct AuditFloodsTests {
    private static func refusal(_ address: String, _ path: String = "/config", result: String = "unauthorized")
        -> AuditEntry
    {
        let actor = AuditActor(name: "anonymous", address: address, requestID: "r")
        return AuditEntry(.refuse, by: actor, target: path, result: result)
    }

    @Test func `records the first at once, and then the number since`() {
        var floods = AuditFloods()
        #expect(floods.occurred(Self.refusal("192.0.2.1"), from: "192.0.2.1") == Self.refusal("192.0.2.1"))
        for path in ["/config", "/routes", "/"] {
            #expect(floods.occurred(Self.refusal("192.0.2.1", path), from: "192.0.2.1") == nil)
        }
        #expect(floods.occurred(Self.refusal("192.0.2.1", result: "forbidden"), from: "192.0.2.1") != nil)
        #expect(floods.occurred(Self.refusal("192.0.2.2"), from: "192.0.2.2") != nil)
        let counted = floods.endInterval()
        #expect(counted.map(\.after) == [["count": 3]])
        #expect(counted.first?.actor.address == "192.0.2.1")
        #expect(counted.first?.actor.requestID == nil)
        #expect(floods.isCounting)
        #expect(floods.endInterval().isEmpty)
        #expect(!floods.isCounting)
    }

    @Test func `many addresses are counted together`() {
        var floods = AuditFloods()
        let recorded = (0..<1000).compactMap { number in
            floods.occurred(Self.refusal("10.0.0.\(number)"), from: "10.0.0.\(number)")
        }
        #expect(recorded.count == AuditFloods.limit)
        let counted = floods.endInterval()
        #expect(counted.count == 1)
        #expect(counted.first?.target == "other addresses")
        #expect(counted.first?.after == ["count": .integer(1000 - AuditFloods.limit)])
        #expect(!floods.isCounting)
    }
}
