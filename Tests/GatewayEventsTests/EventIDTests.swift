import GatewayEvents
import Testing

@Suite struct EventIDTests {
    @Test func `an ID is a UUID of version 7 that begins with the time (RFC 9562 section 5.7)`() {
        var ids = EventIDs()
        let id = ids.next(at: 0x0192_0000_0001, random: .max)
        #expect("\(id)" == "01920000-0001-7000-bfff-ffffffffffff")
        #expect(EventID("\(id)") == id)
    }

    @Test func `IDs rise within a millisecond, and when the clock is set back`() {
        var ids = EventIDs()
        var last = ids.next(at: 1000, random: 0)
        for time: Int64 in Array(repeating: 1000, count: 5000) + [999, 0, -1, 1001] {
            let id = ids.next(at: time, random: .max)
            #expect(id > last)
            #expect("\(id)".utf8.dropFirst(14).first == UInt8(ascii: "7"))
            last = id
        }
    }

    @Test(arguments: [
        "", "x", "01920000-0001-7000-bfff-fffffffffff", "01920000-0001-7000-bfff-ffffffffffffa",
        "0192000000001-7000-bfff-ffffffffffff", "01920000-0001-7000-bfff-fffffffffffg",
    ])
    func `what is no UUID is no ID`(text: String) {
        #expect(EventID(text) == nil)
    }
}
