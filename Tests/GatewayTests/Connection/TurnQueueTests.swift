import Testing

@testable import Gateway
@testable import GatewayCore

struct TurnQueueTests {
    private final class Member {}

    @Test func `each entry is called once, in order`() {
        var queue = TurnQueue<Member>()
        let (first, second) = (Member(), Member())
        let isFirst = [queue.add(first, life: 0), queue.add(second, life: 0), queue.add(first, life: 0)]
        #expect(isFirst == [true, false, false])
        let taken = queue.takeAll()
        #expect(taken.map { $0.member === first } == [true, false])
        let rest = queue.takeAll()
        #expect(rest.isEmpty)
        let isFirstAgain = queue.add(first, life: 0)
        #expect(isFirstAgain)
    }

    @Test func `an entry of a previous owner does not replace that of the current one`() {
        var queue = TurnQueue<Member>()
        let member = Member()
        _ = queue.add(member, life: 6)
        _ = queue.add(member, life: 7)
        let lives = queue.takeAll().map(\.life)
        #expect(lives == [6, 7])
    }
}
