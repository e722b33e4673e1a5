import Testing

@testable import GatewayCache

@Suite struct WarmScheduleTests {
    private static func request(_ path: String, every: Int64 = 60_000) -> WarmRequest {
        WarmRequest(route: "api", host: "a.example", path: path, every: every)
    }

    private let first = Self.request("/1")
    private var schedule = WarmSchedule()

    @Test mutating func `makes each request at start, a few at once, in the order of the file`() {
        let requests = (1...6).map { Self.request("/\($0)") }
        self.schedule.replace(with: requests + [requests[0]], at: 0)
        #expect(self.schedule.count == 6)
        #expect(self.schedule.due(at: 0) { _ in true } == Array(requests[..<4]))
        #expect(self.schedule.next == nil)
        #expect(self.schedule.due(at: 10) { _ in true } == [])
        self.schedule.ended(requests[1], .passed, at: 20, spread: 0)
        #expect(self.schedule.next == 0)
        #expect(self.schedule.due(at: 20) { _ in true } == [requests[4]])
        #expect(self.schedule.inFlight == 4)
    }

    @Test(
        arguments: [
            (.stored(freshFor: 10_000), 9000), (.stored(freshFor: 1_000_000), 60_000), (.stored(freshFor: 0), 60_000),
            (.stored(freshFor: 100), 1000), (.passed, 60_000), (.failed, 1000),
        ] as [(WarmSchedule.Outcome, Int64)]
    )
    mutating func `makes a request again before its response expires`(_ outcome: WarmSchedule.Outcome, _ wait: Int64) {
        self.schedule.replace(with: [self.first], at: 0)
        #expect(self.schedule.due(at: 0) { _ in true } == [self.first])
        self.schedule.ended(self.first, outcome, at: 500, spread: 0)
        #expect(self.schedule.next == 500 + wait)
    }

    @Test mutating func `keeps requests apart that began together`() {
        self.schedule.replace(with: [self.first], at: 0)
        _ = self.schedule.due(at: 0) { _ in true }
        self.schedule.ended(self.first, .stored(freshFor: 100_000), at: 0, spread: 1)
        #expect(self.schedule.next == 54_000)
    }

    @Test mutating func `waits longer after each failure`() {
        self.schedule.replace(with: [self.first], at: 0)
        var now: Int64 = 0
        var waits: [Int64] = []
        for _ in 0..<8 {
            #expect(self.schedule.due(at: now) { _ in true } == [self.first])
            self.schedule.ended(self.first, .failed, at: now, spread: 0)
            waits.append((self.schedule.next ?? 0) - now)
            now = self.schedule.next ?? 0
        }
        #expect(waits == [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
        _ = self.schedule.due(at: now) { _ in true }
        self.schedule.ended(self.first, .passed, at: now, spread: 0)
        _ = self.schedule.due(at: now + 60_000) { _ in true }
        self.schedule.ended(self.first, .failed, at: now + 60_000, spread: 0)
        #expect(self.schedule.next == now + 61_000)
    }

    @Test mutating func `makes no request before its upstream is up`() {
        let second = Self.request("/2")
        self.schedule.replace(with: [self.first, second], at: 0)
        #expect(self.schedule.due(at: 0) { $0 == second } == [second])
        #expect(self.schedule.next == 1000)
        #expect(self.schedule.due(at: 1000) { _ in true } == [self.first])
    }

    @Test mutating func `a reload keeps the times of requests that stay`() {
        let second = Self.request("/2")
        self.schedule.replace(with: [self.first], at: 0)
        _ = self.schedule.due(at: 0) { _ in true }
        self.schedule.ended(self.first, .passed, at: 0, spread: 0)
        self.schedule.replace(with: [second, self.first], at: 5000)
        #expect(self.schedule.due(at: 5000) { _ in true } == [second])
        #expect(self.schedule.next == 60_000)
    }

    @Test mutating func `forgets a request that a reload removes, once it has ended`() {
        self.schedule.replace(with: [self.first], at: 0)
        _ = self.schedule.due(at: 0) { _ in true }
        self.schedule.replace(with: [], at: 10)
        #expect(self.schedule.inFlight == 1)
        self.schedule.ended(self.first, .stored(freshFor: 1), at: 20, spread: 0)
        #expect(self.schedule.inFlight == 0)
        #expect(self.schedule.next == nil)
        self.schedule.ended(self.first, .passed, at: 30, spread: 0)
        #expect(self.schedule.next == nil)
    }

    @Test mutating func `keeps a request that comes back while it is made`() {
        self.schedule.replace(with: [self.first], at: 0)
        _ = self.schedule.due(at: 0) { _ in true }
        self.schedule.replace(with: [], at: 10)
        self.schedule.replace(with: [self.first], at: 20)
        #expect(self.schedule.due(at: 20) { _ in true } == [])
        self.schedule.ended(self.first, .passed, at: 30, spread: 0)
        #expect(self.schedule.next == 60_030)
    }
}
