public import GatewayCore
public import GatewaySettings
import NIOCore

/// Sends a copy of a share of the requests to another upstream and drops the responses, to try a new version with real
/// traffic.
///
/// ```toml
/// [routes.mirror]
/// upstream = "next"
/// percent = 5
/// ```
///
/// A copy has the method, path, fields and body that the route's upstream receives, and `X-Gateway-Mirror: 1`. It is sent
/// once, over separate connections, when the whole request was sent; the original does not wait for it. A copy ends after
/// the route's `timeout.first_byte`, at most 30 seconds. Handshakes of WebSockets are not copied.
public struct MirrorMiddleware: RequestHook {
    public struct Config: Codable, Sendable {
        /// Name of the upstream that receives the copies. It must have targets.
        public var upstream = ""
        /// Share of the requests that are copied, 0 to 100. May have a fraction.
        public var percent = 100.0
        /// Requests with a larger body are not copied.
        public var maxBody = ByteCount.kibibytes(64)
        /// Maximum number of copies in flight to the upstream, at least 1. Further ones are dropped.
        public var maxInFlight = 100

        public init() {}
    }

    public static let name = "mirror"

    /// Nil if the settings have errors.
    private let mirror: RequestMirror?
    private let percent: Double
    /// Whether the request was considered before. A retry is not copied again.
    private let isDecided: ExchangeKey<Bool>

    public init(_ config: Config, in context: inout BuildContext) {
        if !(0...100).contains(config.percent) {
            context.fail(
                "\(config.percent) is not a percentage",
                suggestion: "write a number from 0 to 100",
                at: "percent"
            )
        }
        if config.maxInFlight < 1 {
            context.fail("\(config.maxInFlight) is too small", suggestion: "write 1 or more", at: "max_in_flight")
        }
        self.percent = config.percent
        self.isDecided = context.key(false)
        self.mirror = context.mirror(
            to: config.upstream,
            maxInFlight: config.maxInFlight,
            maxBody: config.maxBody.bytes
        )
    }

    public func request(_ exchange: Exchange) -> Decision {
        guard let mirror = self.mirror, exchange.goesUpstream, !exchange[self.isDecided] else { return .next }
        // A copy of a handshake would open a WebSocket that nobody uses.
        guard exchange.upgrade == nil else { return .next }
        exchange[self.isDecided] = true
        if self.percent >= 100 || Double.random(in: 0..<100, using: &exchange.worker.random) < self.percent {
            mirror.copy(exchange)
        }
        return .next
    }
}
