import GatewayHTTP1
import NIOCore

/// Counts and times each request under its route.
///
/// ```toml
/// [middleware]
/// metrics = false
/// ```
///
/// Errors by code and missed deadlines are counted where they happen, upstreams by their pools.
struct MetricsMiddleware: RequestHook, CompletionHook {
    struct Config: Codable, Sendable {}

    static let name = "metrics"

    private let meters: RouteMeters
    private let worker: Worker

    init(_ config: Config, in context: inout BuildContext) {
        self.meters = context.meters
        self.worker = context.worker
    }

    func request(_ exchange: Exchange) -> Decision {
        self.meters.inFlight.add()
        return .next
    }

    func complete(_ exchange: Exchange, _ outcome: Outcome) {
        let now = self.worker.now
        self.meters.inFlight.subtract()
        self.meters.count(
            method: exchange.request.method,
            status: exchange.response.status,
            duration: now - exchange.startedAt
        )
        if let firstByte = exchange.firstByteAt {
            self.meters.firstByte.observe(nanoseconds: UInt64(max(0, (firstByte - exchange.startedAt).nanoseconds)))
        }
        self.meters.received.add(exchange.bytesIn)
        self.meters.sent.add(exchange.bytesOut)
    }
}
