package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// The meters of one route on one event loop.
package final class RouteMeters {
    package static let requestsAnswered = MetricDescription(
        "gateway_http_requests_total",
        .counter,
        help: "Requests answered.",
        labels: ["route", "method", "code"]
    )
    package static let requestDuration = MetricDescription(
        "gateway_http_request_duration_seconds",
        .histogram,
        help: "Time from the first byte of a request to the last byte of its response.",
        labels: ["route", "method"],
        unit: .seconds
    )
    package static let responseFirstByte = MetricDescription(
        "gateway_http_response_first_byte_seconds",
        .histogram,
        help: "Time from the first byte of a request to the first byte of its response.",
        labels: ["route"],
        unit: .seconds
    )
    package static let requestsInFlight = MetricDescription(
        "gateway_http_requests_in_flight",
        .gauge(.sum),
        help: "Requests in progress.",
        labels: ["route"]
    )
    package static let receivedBytes = MetricDescription(
        "gateway_http_received_bytes_total",
        .counter,
        help: "Bytes of heads and bodies read from clients.",
        labels: ["route"],
        unit: .bytes
    )
    package static let sentBytes = MetricDescription(
        "gateway_http_sent_bytes_total",
        .counter,
        help: "Bytes of heads and bodies written to clients.",
        labels: ["route"],
        unit: .bytes
    )
    package static let errorsByCode = MetricDescription(
        "gateway_errors_total",
        .counter,
        help: "Errors by the code in their body.",
        labels: ["route", "code"]
    )
    package static let missedDeadlines = MetricDescription(
        "gateway_timeouts_total",
        .counter,
        help: "Missed deadlines by phase: header, queue, connect, first_byte, idle, total, write.",
        labels: ["route", "phase"]
    )
    package static let grpcRequests = MetricDescription(
        "gateway_grpc_requests_total",
        .counter,
        help: "gRPC calls by status: 0 to 16, _OTHER for anything else.",
        labels: ["route", "grpc_status"]
    )

    package private(set) lazy var inFlight = self.shard.gauge(Self.requestsInFlight, [self.route])
    private lazy var firstByte = self.shard.histogram(Self.responseFirstByte, [self.route])
    private lazy var received = self.shard.counter(Self.receivedBytes, [self.route])
    private lazy var sent = self.shard.counter(Self.sentBytes, [self.route])
    private lazy var performance = self.shard.performance(of: self.route)
    package private(set) lazy var webSockets = WebSocketMeters(route: self.route, shard: self.shard)
    private let route: String
    private let shard: MeterShard
    private var requests = SeriesCache<Counter>()
    private var durations = SeriesCache<Histogram>()
    private var grpcStatuses = SeriesCache<Counter>()
    /// One for each code that was seen, out of some thirty.
    private var errors: [(code: String, counter: Counter)] = []

    /// How many routes have series from the start. Further routes get theirs with their first request.
    package static let startingRoutes = 1000

    /// - Parameter isShown: whether series start at 0 before any traffic, so that alerts can distinguish an idle route
    ///   from a missing one.
    package init(route: String, shard: MeterShard, isShown: Bool = true) {
        self.route = route
        self.shard = shard
        shard.admit(route: route)
        guard isShown else { return }
        _ = (self.inFlight, self.firstByte, self.received, self.sent)
    }

    /// A completed request.
    package struct Request {
        package var method: Method
        package var status: Int
        /// The gateway or the upstream failed.
        package var isError: Bool
        package var duration: TimeAmount
        /// nil without a response.
        package var firstByte: TimeAmount?
        package var bytesIn: UInt64
        package var bytesOut: UInt64
        package var trace: TraceDigits?

        package init(
            method: Method,
            status: Int,
            isError: Bool,
            duration: TimeAmount,
            firstByte: TimeAmount? = nil,
            bytesIn: UInt64,
            bytesOut: UInt64,
            trace: TraceDigits? = nil
        ) {
            self.method = method
            self.status = status
            self.isError = isError
            self.duration = duration
            self.firstByte = firstByte
            self.bytesIn = bytesIn
            self.bytesOut = bytesOut
            self.trace = trace
        }
    }

    /// Makes the series of WebSockets start at 0.
    package func showWebSockets() { _ = self.webSockets }

    package func count(_ request: Request, at now: NIODeadline) {
        let method = request.method
        let key = SeriesCache<Counter>.key(method: method.rawValue, code: UInt16(truncatingIfNeeded: request.status))
        self.requests.meter(for: key) {
            self.shard.counter(Self.requestsAnswered, [self.route, Self.label(method), String(request.status)])
        }.add()
        let duration = UInt64(max(0, request.duration.nanoseconds))
        self.durations.meter(for: UInt32(method.rawValue)) {
            self.shard.histogram(Self.requestDuration, [self.route, Self.label(method)])
        }.observe(nanoseconds: duration, trace: request.trace, at: now)
        if let firstByte = request.firstByte {
            self.firstByte.observe(nanoseconds: UInt64(max(0, firstByte.nanoseconds)), trace: request.trace, at: now)
        }
        self.received.add(request.bytesIn)
        self.sent.add(request.bytesOut)
        self.performance.record(
            nanoseconds: duration,
            status: request.status,
            isError: request.isError,
            at: now
        )
    }

    /// - Parameter status: How the call ended. Nil for an unknown or missing status.
    package func countGRPC(_ status: GRPCStatus?) {
        self.grpcStatuses.meter(for: status.map { UInt32($0.rawValue) } ?? .max) {
            let label = status.map { String($0.rawValue) } ?? MetricLabel.other
            return self.shard.counter(Self.grpcRequests, [self.route, label])
        }.add()
    }

    /// - Parameter code: the `code` of the error body.
    func countError(code: String) {
        if let known = self.errors.first(where: { $0.code == code }) { return known.counter.add() }
        let counter = self.shard.counter(Self.errorsByCode, [self.route, code])
        self.errors.append((code, counter))
        counter.add()
    }

    /// - Parameter phase: the name of the deadline that was missed.
    func countTimeout(phase: String) {
        self.shard.counter(Self.missedDeadlines, [self.route, phase]).add()
    }

    /// Unknown methods share a label.
    private static func label(_ method: Method) -> String {
        method == .other ? MetricLabel.other : "\(method.name)"
    }
}
