public import GatewayCore
import GatewayHTTP
public import GatewaySettings
import NIOCore

/// Rejects request bodies that are too large.
///
/// ```toml
/// [middleware.limits]
/// body = "10MiB"
/// ```
///
/// A request with a larger `Content-Length` is rejected before it reaches the upstream. Bodies of unknown length are
/// counted while they stream; if the response has started by then, the connection is closed. gRPC is limited only if a
/// policy or route sets `body`, because a stream has no length.
public struct LimitsMiddleware: RequestHook {
    public struct Config: Codable, Sendable {
        /// Maximum size of a request body. Larger ones get 413.
        public var body = ByteCount.mebibytes(10)

        public init() {}
    }

    public static let name = "limits"

    private let body: Int
    private let limitsGRPC: Bool

    public init(_ config: Config, in context: inout BuildContext) {
        self.body = config.body.bytes
        self.limitsGRPC = context.isSetByRoute("body")
    }

    public func request(_ exchange: Exchange) -> Decision {
        if exchange.isGRPC, !self.limitsGRPC { return .next }
        switch exchange.request.framing {
        case .length(let length) where length > self.body: return .fail(GatewayError(.payloadTooLarge))
        case .chunked, .untilClose:
            // A middleware above this one may have collected the body.
            let held = exchange.requestBody.held.readableBytes
            if held > self.body { return .fail(GatewayError(.payloadTooLarge)) }
            exchange.requestBody.allowance = self.body - held
            return .next
        case .none, .length: return .next
        }
    }
}
