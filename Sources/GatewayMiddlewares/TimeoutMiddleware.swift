public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import NIOCore

/// Sets the deadlines of an exchange.
///
/// ```toml
/// [middleware.timeout]
/// connect = "2s"
/// first_byte = "60s"
/// idle = "60s"
/// total = "off"
/// ```
///
/// `first_byte` and `idle` apply to gRPC only if a policy or route sets them. `grpc-timeout` can shorten `total` too.
///
/// The driver turns a missed deadline into 504, or closes the connection if the head was sent. The remaining time of
/// `total` goes upstream as `X-Request-Timeout-Ms`.
public struct TimeoutMiddleware: RequestHook, ResponseHook {
    public struct Config: Codable, Sendable {
        /// Name resolution and TCP connection.
        public var connect = TimeSpan.seconds(2)
        /// From the end of the request to the head of the response.
        public var firstByte = TimeSpan.seconds(60)
        /// Between two reads of a body. Ends event streams and WebSockets only if a policy or route sets it.
        public var idle = TimeSpan.seconds(60)
        /// The whole exchange, including retries. A trusted peer can shorten it with `X-Request-Timeout-Ms`.
        public var total = TimeLimit.off

        public init() {}
    }

    public static let name = "timeout"

    private let connect: TimeAmount
    private let firstByte: TimeAmount
    private let idle: TimeAmount
    private let total: TimeAmount?
    /// An event stream may pause for longer than other bodies, unless a policy or route sets `idle`.
    private let cutsEventStreams: Bool
    /// A gRPC stream may begin late, unless a policy or route sets `first_byte`.
    private let limitsFirstByteOfGRPC: Bool

    public init(_ config: Config, in context: inout BuildContext) {
        self.connect = TimeAmount(config.connect)
        self.firstByte = TimeAmount(config.firstByte)
        self.idle = TimeAmount(config.idle)
        self.total = config.total.span.map(TimeAmount.init)
        self.cutsEventStreams = context.isSetByRoute("idle")
        self.limitsFirstByteOfGRPC = context.isSetByRoute("first_byte")
        for (key, span) in [("connect", config.connect), ("first_byte", config.firstByte), ("idle", config.idle)] {
            Self.check(span, "write \"1s\" or more", at: key, in: &context)
        }
        if let total = config.total.span {
            Self.check(total, "write \"off\", or \"1s\" or more", at: "total", in: &context)
        }
    }

    private static func check(_ span: TimeSpan, _ suggestion: String, at key: String, in context: inout BuildContext) {
        if span > .zero { return }
        context.fail("\(span.settingValue.quoted) leaves no time", suggestion: suggestion, at: key)
    }

    public func request(_ exchange: Exchange) -> Decision {
        exchange.deadlines.connect = self.connect
        exchange.deadlines.firstByte = self.firstByte
        exchange.deadlines.idle = self.idle
        exchange.deadlines.total = self.total
        if exchange.isFromTrustedPeer { self.shorten(exchange) }
        return exchange.isGRPC ? self.limitCall(exchange) : .next
    }

    public func response(_ exchange: Exchange) -> Decision {
        if self.cutsEventStreams {
            exchange.deadlines.tunnelIdle = self.idle
        } else if exchange.response.isEventStream {
            exchange.deadlines.idle = nil
        }
        return .next
    }

    /// A deadline from outside can shorten ours but never extend it.
    private func shorten(_ exchange: Exchange) {
        guard let value = exchange.request.headers.first(.xRequestTimeoutMS) else { return }
        let milliseconds = exchange.request.headers.withBytes(value, Self.milliseconds)
        if let milliseconds { self.shorten(exchange, to: .milliseconds(milliseconds)) }
    }

    private func shorten(_ exchange: Exchange, to asked: TimeAmount) {
        if let total = exchange.deadlines.total, total <= asked { return }
        exchange.deadlines.total = asked
        exchange.deadlines.isTotalRequested = true
    }

    /// Streams may be silent for hours. Clients can set the deadline of each call.
    private func limitCall(_ exchange: Exchange) -> Decision {
        exchange.deadlines.limitsFirstByte = self.limitsFirstByteOfGRPC
        if !self.cutsEventStreams { exchange.deadlines.idle = nil }
        guard let value = exchange.request.headers.first(GRPCTimeout.field) else { return .next }
        guard let timeout = exchange.request.headers.withBytes(value, GRPCTimeout.parse) else {
            return .fail(.badRequest("grpc-timeout is malformed."))
        }
        self.shorten(exchange, to: timeout)
        return .next
    }

    /// At least 1; nil if it is not a number. Numbers above a day are clamped.
    private static func milliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard !text.isEmpty, text.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else { return nil }
        return max(1, text.reduce(0) { min($0 * 10 + Int64($1 - UInt8(ascii: "0")), Self.longestAsked) })
    }

    /// A day, in milliseconds.
    private static let longestAsked: Int64 = 86_400_000
}
