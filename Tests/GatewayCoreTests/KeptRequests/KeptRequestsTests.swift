import NIOCore
import Testing

@testable import GatewayCore

struct KeptRequestsTests {
    private static func request(_ time: UInt64, id: String = "") -> KeptRequest {
        var request = KeptRequest(.failed, route: "r", status: 500, duration: 1, endedAt: time, time: 0)
        request.requestID = id
        return request
    }

    @Test func `the newest of all shelves come first`() {
        let kept = KeptRequests()
        let (first, second) = (kept.makeShelf(), kept.makeShelf())
        for time: UInt64 in [1, 4, 5] { first.add(Self.request(time)) }
        for time: UInt64 in [2, 3, 6] { second.add(Self.request(time)) }
        #expect(kept.all.map(\.endedAt) == [6, 5, 4, 3, 2, 1])
    }

    @Test func `only the last thousand are kept`() {
        let kept = KeptRequests()
        let (first, second) = (kept.makeShelf(), kept.makeShelf())
        for time: UInt64 in 0..<1500 { first.add(Self.request(time)) }
        for time: UInt64 in 0..<10 { second.add(Self.request(time)) }
        #expect(kept.all.count == 1000)
        #expect(kept.all.last?.endedAt == 500)
    }

    @Test func `a request is found by its ID`() {
        let kept = KeptRequests()
        let shelf = kept.makeShelf()
        shelf.add(Self.request(1, id: "a"))
        shelf.add(Self.request(2, id: "b"))
        shelf.add(Self.request(3, id: "a"))
        #expect(kept.request("a")?.endedAt == 3)
        #expect(kept.request("b")?.endedAt == 2)
        #expect(kept.request("c") == nil)
        #expect(kept.request("") == nil)
    }

    @Test func `a storm is sampled, and other reasons are kept all the same`() {
        var pace = KeepingPace()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var kept = 0
        // 20,000 per second, for ten seconds.
        for index: Int64 in 0..<200_000 where pace.admits(.failed, at: start + .microseconds(index * 50)) { kept += 1 }
        #expect(kept == KeepingPace.burst + 2000 || kept == KeepingPace.burst + 1999)
        let (isSlowKept, isLaterKept) = (
            pace.admits(.slow, at: start + .seconds(10)), pace.admits(.failed, at: start + .seconds(20))
        )
        #expect(isSlowKept && isLaterKept)
    }
}
