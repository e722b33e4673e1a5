import NIOCore
import Testing

@testable import GatewayEvents

@Suite struct SentryQueueTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private static func item(_ id: Int, _ category: SentryLimits.Category = .error) -> SentryQueue.Item {
        SentryQueue.Item(category, id: "\(id)", payload: ByteBuffer(string: "{}"))
    }

    /// The next item to send; nil if there is none now.
    private static func next(_ queue: inout SentryQueue, at now: NIODeadline, isEnding: Bool = false) -> SentryQueue
        .Item?
    {
        guard case .send(let item) = queue.next(at: now, isEnding: isEnding) else { return nil }
        return item
    }

    private static func respond(_ queue: inout SentryQueue, _ status: Int, at now: NIODeadline)
        -> SentryQueue.OnResponse
    {
        queue.responded(status: status, limits: [], retryAfter: nil, at: now, time: 0)
    }

    @Test func `four are in flight at once, in order`() {
        var queue = SentryQueue()
        for id in 1...6 { #expect(queue.add(Self.item(id), at: Self.start) == .queued) }
        for id in 1...4 { #expect(Self.next(&queue, at: Self.start)?.id == "\(id)") }
        #expect(Self.next(&queue, at: Self.start) == nil)
        #expect(Self.respond(&queue, 200, at: Self.start) == .sent)
        #expect(Self.next(&queue, at: Self.start)?.id == "5")
        #expect(!queue.isIdle)
    }

    @Test func `a full queue drops the oldest`() {
        var queue = SentryQueue()
        for id in 1...256 { #expect(queue.add(Self.item(id), at: Self.start) == .queued) }
        #expect(queue.add(Self.item(257), at: Self.start) == .queuedInPlaceOfOldest)
        #expect(Self.next(&queue, at: Self.start)?.id == "2")
    }

    @Test func `a refused category is dropped, the other is sent`() {
        var queue = SentryQueue()
        _ = queue.add(Self.item(1), at: Self.start)
        _ = Self.next(&queue, at: Self.start)
        _ = queue.add(Self.item(2), at: Self.start)
        let response = queue.responded(
            status: 429,
            limits: ["60:error:key"],
            retryAfter: nil,
            at: Self.start,
            time: 0
        )
        #expect(response == .limited)
        guard case .limited = queue.next(at: Self.start) else { return #expect(Bool(false), "it was not dropped") }
        #expect(queue.isIdle)
        #expect(queue.add(Self.item(3), at: Self.start + .seconds(59)) == .limited)
        #expect(queue.add(Self.item(4, .transaction), at: Self.start) == .queued)
        #expect(queue.add(Self.item(5), at: Self.start + .seconds(60)) == .queued)
    }

    @Test func `a lost connection pauses all, longer each time, and an item fails after five attempts`() throws {
        var queue = SentryQueue()
        _ = queue.add(Self.item(1), at: Self.start)
        var now = Self.start
        var pauses: [Int64] = []
        for attempt in 1...5 {
            let item = try #require(Self.next(&queue, at: now))
            #expect(item.id == "1")
            #expect(queue.failed(item, at: now) == (attempt < 5 ? .again : .failed))
            if attempt == 5 { break }
            guard case .wait(let until) = queue.next(at: now) else { return #expect(Bool(false), "there is no pause") }
            pauses.append((until - now).nanoseconds / 1_000_000_000)
            now = until
        }
        #expect(pauses == [1, 2, 4, 8])
        #expect(queue.isIdle)
    }

    @Test func `those that fail together pause once, and a response ends the pause`() throws {
        var queue = SentryQueue()
        for id in 1...3 { _ = queue.add(Self.item(id), at: Self.start) }
        let items = try (1...3).map { _ in try #require(Self.next(&queue, at: Self.start)) }
        #expect(queue.failed(items[0], at: Self.start) == .again)
        #expect(queue.failed(items[1], at: Self.start) == .again)
        guard case .wait(let until) = queue.next(at: Self.start) else { return #expect(Bool(false), "no pause") }
        #expect(until == Self.start + .seconds(1))
        #expect(Self.respond(&queue, 200, at: Self.start) == .sent)
        #expect(Self.next(&queue, at: Self.start) != nil)
    }

    @Test func `at the end there are no pauses and no further attempts`() throws {
        var queue = SentryQueue()
        for id in 1...2 { _ = queue.add(Self.item(id), at: Self.start) }
        let item = try #require(Self.next(&queue, at: Self.start))
        #expect(queue.failed(item, at: Self.start, isEnding: true) == .failed)
        let other = try #require(Self.next(&queue, at: Self.start, isEnding: true))
        #expect(queue.failed(other, at: Self.start, isEnding: true) == .failed)
        #expect(queue.isIdle)
    }

    @Test(arguments: [
        (200, "sent"), (202, "sent"), (400, "failed"), (413, "failed"), (429, "limited"), (503, "failed"),
    ])
    func `what a status means`(_ status: Int, _ outcome: String) {
        var queue = SentryQueue()
        _ = queue.add(Self.item(1), at: Self.start)
        _ = Self.next(&queue, at: Self.start)
        #expect("\(Self.respond(&queue, status, at: Self.start))" == outcome)
    }
}
