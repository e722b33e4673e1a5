public import GatewayCore
import GatewayHTTP
import NIOCore

/// Counts and times the requests of each route.
///
/// ```toml
/// [middleware]
/// metrics = false
/// ```
///
/// Errors and missed deadlines are counted where they occur, upstream metrics by the connection pools.
public struct MetricsMiddleware: RequestHook, CompletionHook {
    public struct Config: Codable, Sendable {}

    public static let name = "metrics"

    private let meters: RouteMeters

    public init(_ config: Config, in context: inout BuildContext) {
        self.meters = context.meters
    }

    public func request(_ exchange: Exchange) -> Decision {
        self.meters.inFlight.add()
        return .next
    }

    public func complete(_ exchange: Exchange, _ outcome: Outcome) {
        let now = exchange.now
        self.meters.inFlight.subtract()
        let firstByte = exchange.firstByteAt.map { $0 - exchange.startedAt }
        let status = firstByte == nil ? Self.unanswered : exchange.response.status
        let request = RouteMeters.Request(
            method: exchange.request.method,
            status: status,
            isError: exchange.hasFailed(outcome),
            duration: Self.duration(of: exchange, firstByte, at: now),
            firstByte: firstByte,
            bytesIn: exchange.bytesIn,
            bytesOut: exchange.bytesOut,
            trace: Self.trace(of: exchange)
        )
        self.meters.count(request, at: now)
        if exchange.isGRPC { self.meters.countGRPC(exchange.grpcStatus(outcome)) }
    }

    /// The trace that an exemplar may name: one that is kept.
    private static func trace(of exchange: Exchange) -> TraceDigits? {
        guard exchange.trace.isKept || exchange.trace.isSampled else { return nil }
        return exchange.request.headers.withBytes(exchange.trace.digits) { TraceDigits($0) }
    }

    /// A WebSocket lasts as long as its client, so only the time of its handshake counts.
    private static func duration(
        of exchange: Exchange,
        _ firstByte: TimeAmount?,
        at now: NIODeadline
    ) -> TimeAmount {
        if exchange.upgrade?.isOpen == true, let firstByte { return firstByte }
        return now - exchange.startedAt
    }

    /// The code of a request whose client left before a response was sent, as nginx logs it.
    private static let unanswered = 499
}
