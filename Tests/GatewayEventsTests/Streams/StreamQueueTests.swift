import GatewayEvents
import NIOCore
import Testing

@Suite struct StreamQueueTests {
    private static func message(_ number: Int, of size: Int = 8) -> ByteBuffer {
        var text = String(number)
        text += String(repeating: ".", count: max(0, size - text.utf8.count))
        return ByteBuffer(string: text)
    }

    private static func taken(_ queue: inout StreamQueue) -> [StreamQueue.OnTake] {
        var all: [StreamQueue.OnTake] = []
        while true {
            let next = queue.take()
            if next == .nothing { return all }
            all.append(next)
        }
    }

    @Test func `messages leave in order`() {
        var queue = StreamQueue()
        for number in 0..<3 { #expect(queue.add(Self.message(number)) == 0) }
        #expect(queue.bytes == 24)
        #expect(Self.taken(&queue) == (0..<3).map { .message(Self.message($0)) })
        #expect(queue.isEmpty && queue.bytes == 0 && queue.sent == 3 && queue.dropped == 0)
    }

    @Test func `over the limit the oldest go, and the client is told first`() {
        var queue = StreamQueue(limit: 24)
        for number in 0..<5 { queue.add(Self.message(number)) }
        #expect(queue.bytes == 24)
        #expect(queue.dropped == 2)
        #expect(Self.taken(&queue) == [.missed(2)] + (2..<5).map { .message(Self.message($0)) })
        // What was told is told once.
        for number in 5..<9 { queue.add(Self.message(number)) }
        #expect(Self.taken(&queue) == [.missed(1)] + (6..<9).map { .message(Self.message($0)) })
        #expect(queue.dropped == 3 && queue.sent == 6)
    }

    @Test func `a message over the limit is lost itself`() {
        var queue = StreamQueue(limit: 24)
        queue.add(Self.message(0))
        #expect(queue.add(Self.message(1, of: 25)) == 2)
        #expect(queue.bytes == 0)
        #expect(!queue.isEmpty)
        #expect(Self.taken(&queue) == [.missed(2)])
    }

    @Test(arguments: 0..<20) func `every message is taken or counted as missed`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = StreamQueue(limit: 1000)
        var (added, received, missed) = (0, 0, 0)
        var last = -1
        for _ in 0..<2000 {
            if Bool.random(using: &random) {
                queue.add(Self.message(added, of: .random(in: 1...300, using: &random)))
                added += 1
            } else {
                switch queue.take() {
                case .missed(let count): missed += count
                case .message(let message):
                    let number = Int(String(buffer: message).prefix { $0 != "." }) ?? -1
                    #expect(number > last)
                    last = number
                    received += 1
                case .nothing: break
                }
            }
            #expect(queue.bytes <= 1000)
        }
        for left in Self.taken(&queue) {
            if case .missed(let count) = left { missed += count } else { received += 1 }
        }
        #expect(received + missed == added)
        #expect(queue.sent == received && queue.dropped == missed)
    }
}
