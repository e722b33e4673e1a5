import GatewayEvents
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

@Suite struct EndpointReportTests {
    private final class RecordedEvents: EventSink {
        private let box = NIOLockedValueBox<[GatewayEvent]>([])
        var all: [GatewayEvent] { self.box.withLockedValue { $0 } }
        func publish(_ event: GatewayEvent) { self.box.withLockedValue { $0.append(event) } }
    }

    private static let thresholds = PolledHealth.Thresholds(healthyAfter: 1, unhealthyAfter: 2)

    private static func moment(_ second: Int64) -> EndpointHealth.Moment {
        EndpointHealth.Moment(now: .uptimeNanoseconds(UInt64(second) * 1_000_000_000), time: second * 1000)
    }

    /// The events that `body` causes for an endpoint.
    private static func events(
        isPolled: Bool,
        _ body: @escaping @Sendable (EndpointReport) -> Void
    ) async throws -> [GatewayEvent] {
        let sink = RecordedEvents()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await loop.submit {
            var log = Logger(label: "test")
            log.logLevel = .critical
            let worker = Worker(WorkerSetup(shared: SharedState(events: sink), log: log), on: loop)
            defer { worker.deadlines.stop() }
            let target = UpstreamTarget(
                upstream: "api",
                TargetConfiguration(.http(host: "10.0.0.1", port: 9001)),
                permits: ConnectionPermits(limit: 1, pendingLimit: 1),
                changes: EndpointChanges()
            )
            target.setPolled(isPolled)
            body(EndpointReport(target: target, endpoint: target.endpoints[0], worker: worker))
        }.get()
        #expect(sink.all.flatMap(EventCatalog.deviations) == [])
        return sink.all
    }

    private static func poll(_ report: EndpointReport, _ failure: PollFailure? = nil, at second: Int64) {
        let before = report.endpoint.pollResults
        let verdict = report.endpoint.polled(
            failure.map { .failure($0) } ?? .success(()),
            after: .zero,
            self.thresholds,
            share: 100,
            at: self.moment(second)
        )
        report.polled(verdict, before: before, at: self.moment(second))
    }

    @Test func `verdicts of health checks are events, a first success is none`() async throws {
        let events = try await Self.events(isPolled: true) { report in
            Self.poll(report, at: 1)
            Self.poll(report, .timeout, at: 2)
            Self.poll(report, .status(503), at: 3)
            Self.poll(report, .status(500), at: 4)
            Self.poll(report, at: 10)
            Self.poll(report, at: 11)
        }
        #expect(events.map(\.type) == ["upstream.down", "upstream.up"])
        #expect(events.map(\.severity) == [.warning, .info])
        #expect(events.allSatisfy { $0.topic == "upstreams.api" })
        #expect(
            events.first?.data == [
                "upstream": "api", "target": "10.0.0.1:9001", "address": "10.0.0.1:9001", "reason": "status 503",
                "consecutive_successes": 0, "consecutive_failures": 2,
            ]
        )
        #expect(
            events.last?.data == [
                "upstream": "api", "target": "10.0.0.1:9001", "address": "10.0.0.1:9001", "reason": "status 500",
                "consecutive_successes": 1, "consecutive_failures": 0, "down_ms": 7_000,
            ]
        )
    }

    @Test func `a target that is down from the start is an event`() async throws {
        let events = try await Self.events(isPolled: true) { report in
            for second in 1...5 { Self.poll(report, .refused, at: Int64(second)) }
        }
        #expect(events.map(\.type) == ["upstream.down"])
    }

    @Test(arguments: [true, false])
    func `failures of requests are events unless there are health checks`(isPolled: Bool) async throws {
        let events = try await Self.events(isPolled: isPolled) { report in
            report.left(.refused)
            report.returned(after: .seconds(3))
        }
        #expect(events.map(\.type) == (isPolled ? [] : ["upstream.down", "upstream.up"]))
        if !isPolled {
            #expect(events.first?.data["reason"] == "refused" && events.last?.data["down_ms"] == 3_000)
        }
    }
}
