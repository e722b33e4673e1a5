import NIOCore
import Testing

@testable import GatewayCore

struct CircuitBreakerTests {
    /// A breaker, and the numbers of the requests that it admitted.
    private struct Run {
        var breaker: CircuitBreaker
        var seconds = 100.0
        var hasRoom = true

        init(_ change: (inout CircuitBreaker.Settings) -> Void = { _ in }) {
            var settings = CircuitBreaker.Settings()
            settings.failures = 3
            change(&settings)
            self.breaker = CircuitBreaker(settings)
        }

        var moment: EndpointHealth.Moment {
            EndpointHealth.Moment(
                now: .uptimeNanoseconds(UInt64(self.seconds * 1_000_000_000)),
                time: Int64(self.seconds * 1000)
            )
        }

        mutating func request() -> UInt32? {
            switch self.breaker.request() {
            case .admitted(let number), .probe(let number): number
            case .refused: nil
            }
        }

        @discardableResult
        mutating func fail(_ number: UInt32? = nil) -> CircuitBreaker.OnOutcome {
            self.breaker.failed(number ?? self.breaker.number, .status(503), at: self.moment) { self.hasRoom }
        }

        @discardableResult
        mutating func succeed(_ number: UInt32? = nil) -> CircuitBreaker.OnOutcome {
            self.breaker.succeeded(number ?? self.breaker.number, at: self.moment) { self.hasRoom }
        }

        @discardableResult
        mutating func wait() -> CircuitBreaker.OnWaited { self.breaker.waited(self.breaker.number) }

        mutating func open() { while case .closed = self.breaker.state { self.fail() } }
    }

    /// Traces of outcomes: F failed, S succeeded. The circuit opens with the last one of those that end in `!`.
    @Test(arguments: [
        ("FF", 3), ("FFF!", 3), ("FFSFF", 3), ("FFSFFF!", 3), ("SFFF!", 3), ("F!", 1), ("SSSS", 1),
    ])
    func `failures in a row open it`(trace: String, failures: Int) {
        var run = Run { $0.failures = failures }
        for outcome in trace where outcome != "!" {
            let isLast = outcome == "F" && run.breaker.failures + 1 == failures
            let result = outcome == "F" ? run.fail() : run.succeed()
            #expect(result == (isLast ? .opened(for: .seconds(10)) : .unchanged))
        }
        #expect((run.breaker.state == .closed) == !trace.hasSuffix("!"))
        if trace.hasSuffix("!") {
            #expect(run.breaker.state == .open(until: run.moment + .seconds(10)))
            #expect(run.breaker.failures == failures)
            #expect(run.breaker.lastFailure == .status(503))
            #expect(run.request() == nil)
        }
    }

    @Test(
        arguments: [
            (0.5, 20, "FSFSFSFSFSFSFSFSFSFS", true),
            (0.5, 20, "FSFSFSFSFSFSFSFSFSF", false),
            (0.5, 20, "FSSSFSFSFSFSFSFSFSFS", false),
            (0.5, 4, "SSFF", true),
            (0.5, 4, "FFSS", true),
            (0.5, 4, "SSSFF", false),
            (0.5, 4, "SSSFFSF", false),
            (0.5, 4, "SSSFFSFF", true),
            (1, 4, "FFFF", true),
            (1, 4, "SFFFF", false),
            (0.1, 10, "SSSSSSSSSF", true),
            (0, 1, "FFFFFFFFFF", false),
        ] as [(Double, Int, String, Bool)]
    )
    func `a share of failures opens it`(_ rate: Double, _ minimum: Int, _ trace: String, _ opens: Bool) {
        var run = Run {
            $0.failures = 1000
            $0.errorRate = rate
            $0.minRequests = minimum
        }
        for (index, outcome) in trace.enumerated() {
            let result = outcome == "F" ? run.fail() : run.succeed()
            #expect(result == (opens && index == trace.count - 1 ? .opened(for: .seconds(10)) : .unchanged))
        }
    }

    @Test func `outcomes older than the window do not count`() {
        var run = Run {
            $0.failures = 1000
            $0.minRequests = 10
        }
        for _ in 0..<9 { #expect(run.fail() == .unchanged) }
        run.seconds += 10
        for _ in 0..<9 { #expect(run.fail() == .unchanged) }
        #expect(run.fail() == .opened(for: .seconds(10)))
    }

    @Test func `a late outcome from before it opened counts for nothing`() {
        var run = Run()
        let early = run.request()
        run.open()
        let open = run.breaker
        #expect(run.succeed(early) == .unchanged && run.fail(early) == .unchanged)
        #expect(run.breaker == open)
        run.wait()
        let halfOpen = run.breaker
        #expect(run.succeed(early) == .unchanged && run.fail(early) == .unchanged)
        #expect(run.breaker == halfOpen)
        run.succeed(run.request())
        let closed = run.breaker
        #expect(run.fail(early) == .unchanged)
        #expect(run.breaker == closed)
    }

    @Test func `half open, it admits one request at a time`() {
        var run = Run()
        run.open()
        #expect(run.request() == nil)
        #expect(run.wait() == .halfOpen)
        let probe = run.request()
        #expect(probe != nil)
        #expect(run.request() == nil)
        #expect(run.succeed(probe) == .closed)
        #expect(run.breaker.state == .closed && run.breaker.failures == 0 && run.breaker.lastFailure == nil)
        #expect(run.succeed(probe) == .unchanged)
    }

    @Test func `several successes can be required`() {
        var run = Run { $0.probes = 3 }
        run.open()
        run.wait()
        for _ in 0..<2 { #expect(run.succeed(run.request()) == .unchanged) }
        let last = run.request()
        #expect(run.request() == nil)
        #expect(run.succeed(last) == .closed)
    }

    @Test func `a probe without an outcome makes room, once`() {
        var run = Run()
        run.open()
        run.wait()
        let first = run.request()
        run.breaker.abandoned(first ?? 0)
        let second = run.request()
        #expect(second != nil && second != first)
        // Neither may free the place of the second one.
        run.breaker.abandoned(first ?? 0)
        #expect(run.succeed(first) == .unchanged)
        #expect(run.request() == nil)
        #expect(run.fail(second) == .opened(for: .seconds(20)))
    }

    @Test func `the time doubles with each failed probe up to the maximum, and starts over once closed`() {
        var run = Run { $0.maxOpen = .seconds(30) }
        run.open()
        for seconds in [20, 30, 30] as [Int64] {
            #expect(run.wait() == .halfOpen)
            #expect(run.fail(run.request()) == .opened(for: .seconds(seconds)))
            #expect(run.breaker.state == .open(until: run.moment + .seconds(seconds)))
        }
        run.wait()
        #expect(run.succeed(run.request()) == .closed)
        for _ in 0..<2 { #expect(run.fail() == .unchanged) }
        #expect(run.fail() == .opened(for: .seconds(10)))
    }

    @Test func `a maximum below the first time has no effect`() {
        var run = Run { $0.maxOpen = .seconds(1) }
        run.open()
        run.wait()
        #expect(run.fail(run.request()) == .opened(for: .seconds(10)))
    }

    @Test func `without room it stays closed, and opens with the next failure once there is room`() {
        var run = Run()
        run.hasRoom = false
        for _ in 0..<10 { #expect(run.fail() == .unchanged) }
        run.hasRoom = true
        #expect(run.fail() == .opened(for: .seconds(10)))
        #expect(run.breaker.failures == 11)
        // A failed probe needs no room: it is out already.
        run.hasRoom = false
        run.wait()
        #expect(run.fail(run.request()) == .opened(for: .seconds(20)))
    }

    @Test func `only the wait of the current state ends it`() {
        var run = Run()
        run.open()
        let first = run.breaker.number
        run.wait()
        run.fail(run.request())
        #expect(run.breaker.waited(first) == .unchanged)
        #expect(run.wait() == .halfOpen)
        #expect(run.wait() == .unchanged)
    }

    @Test func `new settings leave the state as it is`() {
        var run = Run()
        run.open()
        let state = run.breaker.state
        var settings = run.breaker.settings
        settings.failures = 50
        settings.window = .seconds(1)
        run.breaker.change(settings)
        #expect(run.breaker.state == state)
        run.wait()
        #expect(run.succeed(run.request()) == .closed)
        for _ in 0..<19 { #expect(run.fail() == .unchanged) }
    }
}
