import Testing

@testable import GatewayCore
@testable import GatewayMiddlewares

struct CallersInFlightTests {
    private static func slots() -> [CallersInFlight.Slot] {
        [.consumer(Consumer(name: "ann", number: 0)), .key(RateLimitKey(high: 1, low: 2))]
    }

    @Test(arguments: [0, 1])
    func `a caller has at most as many requests in flight as its limit`(index: Int) {
        let inFlight = CallersInFlight()
        let slot = Self.slots()[index]
        #expect(inFlight.enter(slot, limit: 2))
        #expect(inFlight.enter(slot, limit: 2))
        #expect(!inFlight.enter(slot, limit: 2))
        inFlight.leave(slot)
        #expect(inFlight.enter(slot, limit: 2))
        // Another plan may allow more, and counts what is in flight already.
        #expect(inFlight.enter(slot, limit: 3))
        #expect(!inFlight.enter(slot, limit: 3))
    }

    @Test func `nothing is kept about callers without requests`() {
        let inFlight = CallersInFlight()
        let slots = (0..<100).map { CallersInFlight.Slot.key(RateLimitKey(high: 7, low: $0)) }
        for slot in slots { #expect(inFlight.enter(slot, limit: 1)) }
        #expect(inFlight.keys == 100)
        for slot in slots { inFlight.leave(slot) }
        #expect(inFlight.keys == 0)
    }

    @Test func `of many at once exactly the limit enters`() async {
        let inFlight = CallersInFlight()
        let entered = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let slot = CallersInFlight.Slot.key(RateLimitKey(high: 1, low: 2))
                    return (0..<50).count { _ in inFlight.enter(slot, limit: 80) }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(entered == 80)
    }
}
