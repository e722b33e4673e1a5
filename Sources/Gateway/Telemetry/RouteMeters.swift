import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// The meters of one route on one event loop.
final class RouteMeters {
    private(set) lazy var inFlight = self.shard.gauge(Metrics.requestsInFlight, [self.route])
    private lazy var firstByte = self.shard.histogram(Metrics.responseFirstByte, [self.route])
    private lazy var received = self.shard.counter(Metrics.receivedBytes, [self.route])
    private lazy var sent = self.shard.counter(Metrics.sentBytes, [self.route])
    private lazy var performance = self.shard.performance(of: self.route)
    private let route: String
    private let shard: MeterShard
    private var requests = SeriesCache<Counter>()
    private var durations = SeriesCache<Histogram>()
    /// One for each code that was seen, of some thirty.
    private var errors: [(code: GatewayError.Code, counter: Counter)] = []

    /// How many routes have their series from the start; those beyond have them with their first request.
    static let startingRoutes = 1000

    /// - Parameter isShown: from the start, at 0, so that an alert can tell a route without traffic from none.
    init(route: String, shard: MeterShard, isShown: Bool = true) {
        self.route = route
        self.shard = shard
        shard.admit(route: route)
        guard isShown else { return }
        _ = (self.inFlight, self.firstByte, self.received, self.sent)
    }

    /// A request that has ended.
    struct Request {
        var method: Method
        var status: Int
        /// The gateway or what is behind it failed.
        var isError: Bool
        var duration: TimeAmount
        /// Nil where nothing was answered.
        var firstByte: TimeAmount?
        var bytesIn: UInt64
        var bytesOut: UInt64
        var trace: TraceDigits?
    }

    func count(_ request: Request, at now: NIODeadline) {
        let method = request.method
        let key = SeriesCache<Counter>.key(method: method.rawValue, code: UInt16(truncatingIfNeeded: request.status))
        self.requests.meter(for: key) {
            self.shard.counter(Metrics.requests, [self.route, Self.label(method), String(request.status)])
        }.add()
        let duration = UInt64(max(0, request.duration.nanoseconds))
        self.durations.meter(for: UInt32(method.rawValue)) {
            self.shard.histogram(Metrics.requestDuration, [self.route, Self.label(method)])
        }.observe(nanoseconds: duration, trace: request.trace, at: now)
        if let firstByte = request.firstByte {
            self.firstByte.observe(nanoseconds: UInt64(max(0, firstByte.nanoseconds)), trace: request.trace, at: now)
        }
        self.received.add(request.bytesIn)
        self.sent.add(request.bytesOut)
        self.performance.record(nanoseconds: duration, isError: request.isError, at: now)
    }

    func countError(_ code: GatewayError.Code) {
        if let known = self.errors.first(where: { $0.code == code }) { return known.counter.add() }
        let counter = self.shard.counter(Metrics.errors, [self.route, code.name])
        self.errors.append((code, counter))
        counter.add()
    }

    func countTimeout(_ phase: Deadlines.Phase) {
        self.shard.counter(Metrics.timeouts, [self.route, phase.name]).add()
    }

    /// Methods that a client makes up share a label.
    private static func label(_ method: Method) -> String {
        method == .other ? Metrics.other : "\(method.name)"
    }
}
