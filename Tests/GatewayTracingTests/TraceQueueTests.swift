import NIOCore
import Testing

@testable import GatewayTracing

struct TraceQueueTests {
    private static let interval = TimeAmount.seconds(5)

    private static func item(_ spans: Int, bytes: Int = 100) -> TraceQueue.Item {
        TraceQueue.Item(bytes: [UInt8](repeating: 0, count: bytes), spans: spans)
    }

    private static func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func `a batch is due when it is full or old enough`() {
        var queue = TraceQueue()
        #expect(queue.next(at: Self.time(0), interval: Self.interval, isEnding: true) == nil)
        queue.add(Self.item(2), due: Self.time(5))
        #expect(queue.next(at: Self.time(4), interval: Self.interval, isEnding: false) == nil)
        #expect(queue.next(at: Self.time(5), interval: Self.interval, isEnding: false)?.spans == 2)
        #expect(queue.spans == 0)
        for _ in 0..<256 { queue.add(Self.item(2), due: Self.time(10)) }
        #expect(queue.next(at: Self.time(6), interval: Self.interval, isEnding: false)?.spans == 512)
    }

    @Test func `no batch has more than 512 spans, and requests stay whole`() {
        var queue = TraceQueue()
        for _ in 0..<200 { queue.add(Self.item(3), due: Self.time(0)) }
        #expect(queue.next(at: Self.time(0), interval: Self.interval, isEnding: false)?.spans == 510)
        #expect(queue.next(at: Self.time(0), interval: Self.interval, isEnding: false)?.spans == 90)
        #expect(queue.due == nil)
    }

    @Test func `a request with more spans than a batch is sent alone`() {
        var queue = TraceQueue()
        queue.add(Self.item(600), due: Self.time(0))
        queue.add(Self.item(1), due: Self.time(0))
        #expect(queue.next(at: Self.time(0), interval: Self.interval, isEnding: false)?.spans == 600)
        #expect(queue.spans == 1)
    }

    @Test func `what remains of a full batch waits for the interval`() {
        var queue = TraceQueue()
        for _ in 0..<600 { queue.add(Self.item(1), due: Self.time(5)) }
        #expect(queue.next(at: Self.time(1), interval: Self.interval, isEnding: false)?.spans == 512)
        #expect(queue.next(at: Self.time(5), interval: Self.interval, isEnding: false) == nil)
        #expect(queue.next(at: Self.time(6), interval: Self.interval, isEnding: false)?.spans == 88)
    }

    @Test func `a batch stays below 4 MiB`() {
        var queue = TraceQueue()
        for _ in 0..<10 { queue.add(Self.item(1, bytes: 1_000_000), due: Self.time(5)) }
        var batches: [Int] = []
        while let batch = queue.next(at: Self.time(0), interval: Self.interval, isEnding: true) {
            #expect(batch.bytes <= TraceQueue.maxBytes)
            batches.append(batch.spans)
        }
        #expect(batches == [3, 3, 3, 1])
    }

    @Test func `nothing is lost or sent twice`() {
        for seed in UInt64(0)..<50 {
            var random = SeededGenerator(seed)
            var queue = TraceQueue()
            var (added, taken, now) = (0, 0, Int64(0))
            for _ in 0..<300 {
                now += Int64.random(in: 0...3, using: &random)
                if Bool.random(using: &random) {
                    let spans = Int.random(in: 1...40, using: &random)
                    added += spans
                    queue.add(Self.item(spans, bytes: spans * 10_000), due: Self.time(now + 5))
                } else if let batch = queue.next(at: Self.time(now), interval: Self.interval, isEnding: false) {
                    taken += batch.spans
                    #expect(batch.spans <= 512)
                    #expect(batch.bytes == batch.items.reduce(0) { $0 + $1.count })
                }
                #expect(added == taken + queue.spans)
            }
            while let batch = queue.next(at: Self.time(now), interval: Self.interval, isEnding: true) {
                taken += batch.spans
            }
            #expect(added == taken)
        }
    }
}

/// Random numbers that a seed determines.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { self.state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
