import Testing

@testable import GatewayAccess

@Suite struct PasswordQueueTests {
    private typealias Queue = PasswordQueue<String, Int>

    private static func pair(_ number: UInt64) -> PairDigest { PairDigest((number, number)) }

    /// Submits a pair and returns what was decided.
    private static func submit(_ number: UInt64, of client: UInt64, to queue: inout Queue) -> String {
        switch queue.submit(self.pair(number), "\(number)", of: client, Int(number)) {
        case .start(let job, _): "start \(job.work)"
        case .wait: "wait"
        case .displace(let waiters, _): "displace \(waiters)"
        case .refuse: "refuse"
        }
    }

    private static func finish(_ number: UInt64, _ queue: inout Queue) -> String {
        let result = queue.finish(self.pair(number))
        return "\(result.waiters) \(result.next?.work ?? "-")"
    }

    @Test
    func `a limited number runs at once, and the next starts when one is done`() {
        var queue = Queue(concurrency: 2)
        #expect(Self.submit(1, of: 1, to: &queue) == "start 1")
        #expect(Self.submit(2, of: 1, to: &queue) == "start 2")
        #expect(Self.submit(3, of: 1, to: &queue) == "wait")
        #expect(Self.submit(4, of: 1, to: &queue) == "wait")
        #expect(Self.finish(2, &queue) == "[2] 3")
        #expect(Self.finish(1, &queue) == "[1] 4")
        #expect(Self.finish(3, &queue) == "[3] -")
        #expect(Self.finish(4, &queue) == "[4] -")
        #expect(queue.runningCount == 0)
        #expect(Self.submit(1, of: 1, to: &queue) == "start 1")
    }

    @Test
    func `requests with the same pair share a job, running or not`() {
        var queue = Queue(concurrency: 1, limit: 1)
        #expect(Self.submit(1, of: 1, to: &queue) == "start 1")
        #expect(Self.submit(1, of: 2, to: &queue) == "wait")
        #expect(Self.submit(2, of: 1, to: &queue) == "wait")
        #expect(Self.submit(2, of: 3, to: &queue) == "wait")
        #expect(queue.waitingCount == 1)
        #expect(Self.finish(1, &queue) == "[1, 1] 2")
        #expect(Self.finish(2, &queue) == "[2, 2] -")
    }

    @Test
    func `a full queue refuses`() {
        var queue = Queue(concurrency: 1, limit: 2)
        for number in 1...3 { _ = Self.submit(UInt64(number), of: 1, to: &queue) }
        #expect(Self.submit(4, of: 1, to: &queue) == "refuse")
        #expect(queue.waitingCount == 2)
        _ = Self.finish(1, &queue)
        #expect(Self.submit(4, of: 1, to: &queue) == "wait")
    }

    @Test
    func `clients take turns`() {
        var queue = Queue(concurrency: 1)
        for number in 1...4 { _ = Self.submit(UInt64(number), of: 1, to: &queue) }
        for number in 11...12 { _ = Self.submit(UInt64(number), of: 2, to: &queue) }
        var order: [String] = []
        var running: UInt64 = 1
        while let next = queue.finish(Self.pair(running)).next {
            order.append(next.work)
            running = UInt64(next.work) ?? 0
        }
        #expect(order == ["2", "11", "3", "12", "4"])
    }

    @Test
    func `a client that fills the queue gives way to others`() {
        var queue = Queue(concurrency: 1, limit: 4)
        for number in 1...5 { _ = Self.submit(UInt64(number), of: 1, to: &queue) }
        #expect(Self.submit(11, of: 2, to: &queue) == "displace [5]")
        #expect(Self.submit(12, of: 2, to: &queue) == "displace [4]")
        // Both have two now.
        #expect(Self.submit(13, of: 2, to: &queue) == "refuse")
        #expect(Self.submit(6, of: 1, to: &queue) == "refuse")
        #expect(Self.submit(21, of: 3, to: &queue).hasPrefix("displace"))
        #expect(queue.waitingCount == 4)
    }

    @Test
    func `a job that nobody waits for is not run`() throws {
        var queue = Queue(concurrency: 1, limit: 2)
        _ = Self.submit(1, of: 1, to: &queue)
        guard case .wait(let ticket) = queue.submit(Self.pair(2), "2", of: 1, 2),
            case .wait(let other) = queue.submit(Self.pair(2), "2", of: 1, 20)
        else {
            Issue.record("both wait")
            return
        }
        #expect(Self.submit(3, of: 1, to: &queue) == "wait")
        queue.leave(ticket)
        #expect(queue.waitingCount == 2)
        queue.leave(other)
        queue.leave(other)
        #expect(queue.waitingCount == 1)
        #expect(Self.finish(1, &queue) == "[1] 3")
    }

    @Test
    func `one that left does not get the result of a running job`() {
        var queue = Queue(concurrency: 1)
        guard case .start(_, let ticket) = queue.submit(Self.pair(1), "1", of: 1, 1) else {
            Issue.record("it starts")
            return
        }
        _ = Self.submit(1, of: 2, to: &queue)
        queue.leave(ticket)
        #expect(Self.finish(1, &queue) == "[1] -")
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `no job is lost or run twice, whatever happens`(_ seed: UInt64) {
        var random = seed &* 0x9E37_79B9_7F4A_7C15
        func next(_ bound: UInt64) -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % bound
        }
        var queue = Queue(concurrency: 3, limit: 8)
        var running: Set<UInt64> = []
        var tickets: [Queue.Ticket] = []
        for _ in 0..<2000 {
            switch next(3) {
            case 0, 1:
                let number = next(30)
                switch queue.submit(Self.pair(number), "\(number)", of: next(4), Int(number)) {
                case .start(_, let ticket):
                    #expect(running.insert(number).inserted)
                    tickets.append(ticket)
                case .wait(let ticket), .displace(_, let ticket): tickets.append(ticket)
                case .refuse: #expect(queue.waitingCount == 8)
                }
                if next(3) == 0, !tickets.isEmpty { queue.leave(tickets.remove(at: Int(next(UInt64(tickets.count))))) }
            default:
                guard let number = running.min() else { continue }
                running.remove(number)
                if let job = queue.finish(Self.pair(number)).next {
                    #expect(running.insert(UInt64(job.work) ?? 0).inserted)
                }
            }
            #expect(queue.runningCount == running.count)
            #expect(queue.waitingCount <= 8 && (queue.waitingCount == 0 || running.count == 3))
        }
    }
}
