import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct EndpointHealthTests {
    private static func moment(_ seconds: Double) -> EndpointHealth.Moment {
        EndpointHealth.Moment(
            now: .uptimeNanoseconds(1_000_000_000 + UInt64(seconds * 1_000_000_000)),
            time: Int64(seconds * 1000)
        )
    }

    private static func health(_ events: [(Double, Event)]) -> EndpointHealth {
        var health = EndpointHealth(since: moment(0))
        for (seconds, event) in events { event.happen(to: &health, at: moment(seconds)) }
        return health
    }

    enum Event: Sendable {
        case fails(UpstreamFailure)
        case probeFails
        case connects
        case answers

        func happen(to health: inout EndpointHealth, at moment: EndpointHealth.Moment) {
            switch self {
            case .fails(let failure): _ = health.failed(failure, begun: moment.now, at: moment)
            case .probeFails: _ = health.probeFailed(.timeout, at: moment)
            case .connects: _ = health.connected(at: moment)
            case .answers: health.answered()
            }
        }
    }

    @Test func `a new endpoint is in rotation`() {
        let health = EndpointHealth(since: Self.moment(3))
        #expect(health.state == .unknown)
        #expect(health.isInRotation)
        #expect(health.since == Self.moment(3))
    }

    @Test(arguments: UpstreamFailure.allCases)
    func `the first failure removes it from rotation for a second`(failure: UpstreamFailure) {
        let befores: [[(Double, Event)]] = [[], [(1, .connects)]]
        for before in befores {
            var health = Self.health(before)
            #expect(
                health.failed(failure, begun: Self.moment(2).now, at: Self.moment(2)) == .left(retryAfter: .seconds(1))
            )
            #expect(!health.isInRotation)
            #expect(health.state == .down(failure, nextTry: Self.moment(3)))
            #expect(health.since == Self.moment(2))
        }
    }

    @Test func `the pause doubles up to half a minute while background connections fail`() {
        var health = Self.health([(0, .fails(.refused))])
        var time = 0.0
        var pauses: [Int64] = []
        for _ in 0..<8 {
            time += 1
            guard let pause = health.probeFailed(.timeout, at: Self.moment(time)) else { break }
            pauses.append(pause.nanoseconds / 1_000_000_000)
            #expect(health.state == .down(.timeout, nextTry: Self.moment(time) + pause))
        }
        #expect(pauses == [2, 4, 8, 16, 30, 30, 30, 30])
        #expect(health.since == Self.moment(0))
    }

    @Test func `any successful connection returns it to rotation at once`() {
        var health = Self.health([(1, .fails(.refused)), (2, .probeFails)])
        #expect(health.connected(at: Self.moment(4)) == .returned(after: .seconds(3)))
        #expect(health.state == .up)
        #expect(health.since == Self.moment(4))
        // A background connection that was in progress.
        #expect(health.probeFailed(.timeout, at: Self.moment(5)) == nil)
        #expect(health.connected(at: Self.moment(5)) == .unchanged)
        #expect(health.state == .up)
        #expect(health.since == Self.moment(4))
    }

    @Test func `further failures do not change the pause`() {
        var health = Self.health([(1, .fails(.refused))])
        for seconds in [1.1, 1.5, 1.9] {
            #expect(health.failed(.reset, begun: Self.moment(1).now, at: Self.moment(seconds)) == .unchanged)
        }
        #expect(health.state == .down(.reset, nextTry: Self.moment(2)))
        #expect(health.since == Self.moment(1))
        #expect(health.failedAt == Self.moment(1.9).now)
    }

    @Test(
        arguments: [
            // It fails again before it has answered a request.
            ([(0, Event.fails(.reset)), (1, .connects)], 2),
            ([(0, .fails(.reset)), (1, .connects), (1.1, .fails(.reset)), (3, .connects)], 4),
            ([(0, .fails(.refused)), (1, .probeFails), (3, .probeFails), (7, .connects)], 8),
            // A response resets the pause.
            ([(0, .fails(.reset)), (1, .connects), (2, .answers)], 1),
            ([(0, .fails(.refused)), (1, .probeFails), (3, .probeFails), (7, .connects), (8, .answers)], 1),
            ([(0, .connects), (1, .answers)], 1),
        ] as [([(Double, Event)], Int64)]
    )
    func `the pause keeps doubling until a request has been answered`(events: [(Double, Event)], pause: Int64) {
        var health = Self.health(events)
        let now = Self.moment(100)
        #expect(health.failed(.refused, begun: now.now, at: now) == .left(retryAfter: .seconds(pause)))
    }

    @Test func `a failure that began before the recovery is ignored`() {
        var health = Self.health([(1, .fails(.timeout)), (2, .connects)])
        #expect(health.failed(.timeout, begun: Self.moment(1.5).now, at: Self.moment(3.5)) == .unchanged)
        #expect(health.isInRotation)
        #expect(
            health.failed(.timeout, begun: Self.moment(2).now, at: Self.moment(4)) == .left(retryAfter: .seconds(2))
        )
    }

    @Test func `each change is reported to one caller`() {
        let changes = EndpointChanges()
        let target = UpstreamTarget(
            upstream: "api",
            TargetConfiguration(.http(host: "10.0.0.1", port: 80)),
            permits: ConnectionPermits(limit: 1, pendingLimit: 1),
            changes: changes
        )
        let endpoint = target.endpoints[0]
        let start = changes.version
        #expect(endpoint.failed(.refused, begun: .now()) == .left(retryAfter: .seconds(1)))
        #expect(endpoint.failed(.refused, begun: .now()) == .unchanged)
        #expect(changes.version == start + 1)
        #expect(!endpoint.isInRotation && !target.isUp)
        if case .unchanged = endpoint.connected() { Issue.record("the change was not reported") }
        #expect(endpoint.connected() == .unchanged)
        #expect(changes.version == start + 2)
        #expect(endpoint.isInRotation && target.isUp)
    }
}
