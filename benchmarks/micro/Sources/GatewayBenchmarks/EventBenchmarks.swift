import Logging
import NIOCore
import NIOEmbedded

@testable import Gateway
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewaySettings

enum EventBenchmarks {
    static let all = [
        // An event that nobody listens to, published by a worker whose queue is full.
        MicroBenchmark("events.publish", iterations: 40_000) {
            let sink = EventBus(gateway: "host:1", limit: 1000).makeWorkerSink()
            let event = GatewayEvent("upstream.down", .warning, topic: "upstreams.api", ["reason": "refused"])
            return { sink.publish(event) }
        },
        // A request over a limit, of which no event tells.
        MicroBenchmark("events.paced", iterations: 40_000) {
            let worker = Worker(WorkerSetup(log: Logger(label: "benchmark")), on: EmbeddedEventLoop())
            let event = PacedEvent("rate_limit.exceeded", topic: "routes.users")
            return { event.occurred(on: worker) { ["route": "users", "address": "192.0.2.1"] } }
        },
    ]
}
