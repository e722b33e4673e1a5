import Testing

@testable import GatewayCache

struct TierStampTests {
    @Test(arguments: ["0-0", "0-1", "1700000000000-0", "1700000000000-65535", "140737488355327-65535"])
    func `an ID of the stream is kept`(id: String) { #expect(TierStamp(id: id)?.id == id) }

    @Test(arguments: [
        "", "-", "1", "1-", "-1", "1-2-3", "a-1", "1-b", "+1-1", "1--1", " 1-1", "1-1 ", "140737488355328-0",
        "99999999999999999999-0", "1-99999999999999999999", "١-1",
    ])
    func `other texts are no IDs`(id: String) { #expect(TierStamp(id: id) == nil) }

    @Test func `stamps have the order of the stream`() {
        let ids = ["0-0", "0-1", "5-0", "5-1", "5-2", "6-0", "1700000000000-0"].compactMap(TierStamp.init(id:))
        #expect(ids == ids.sorted() && ids.count == 7 && Set(ids).count == 7)
        #expect(ids[3].next == ids[4] && ids[0] == .none)
        #expect(TierStamp(id: "1-70000") == TierStamp(id: "1-65535"))
    }
}
