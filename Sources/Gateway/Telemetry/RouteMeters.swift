import GatewayHTTP1
import NIOCore

/// The meters of one route on one event loop.
final class RouteMeters {
    let inFlight: Gauge
    let firstByte: Histogram
    let received: Counter
    let sent: Counter
    private let route: String
    private let shard: MeterShard
    private var requests = SeriesCache<Counter>()
    private var durations = SeriesCache<Histogram>()

    init(route: String, shard: MeterShard) {
        self.route = route
        self.shard = shard
        self.inFlight = shard.gauge(Metrics.requestsInFlight, [route])
        self.firstByte = shard.histogram(Metrics.responseFirstByte, [route])
        self.received = shard.counter(Metrics.receivedBytes, [route])
        self.sent = shard.counter(Metrics.sentBytes, [route])
    }

    func count(method: Method, status: Int, duration: TimeAmount) {
        let key = SeriesCache<Counter>.key(method: method.rawValue, code: UInt16(truncatingIfNeeded: status))
        self.requests.meter(for: key) {
            self.shard.counter(Metrics.requests, [self.route, Self.label(method), String(status)])
        }.add()
        self.durations.meter(for: UInt32(method.rawValue)) {
            self.shard.histogram(Metrics.requestDuration, [self.route, Self.label(method)])
        }.observe(nanoseconds: UInt64(max(0, duration.nanoseconds)))
    }

    func countError(_ code: GatewayError.Code) {
        self.shard.counter(Metrics.errors, [self.route, code.name]).add()
    }

    func countTimeout(_ phase: Deadlines.Phase) {
        self.shard.counter(Metrics.timeouts, [self.route, phase.name]).add()
    }

    /// Methods that a client makes up share a label.
    private static func label(_ method: Method) -> String {
        method == .other ? Metrics.other : "\(method.name)"
    }
}
