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
/// counted while they stream; if the response has started by then, the connection is closed.
public struct LimitsMiddleware: RequestHook {
    public struct Config: Codable, Sendable {
        /// Maximum size of a request body. Larger ones get 413.
        public var body = ByteCount.mebibytes(10)

        public init() {}
    }

    public static let name = "limits"

    private let body: Int

    public init(_ config: Config, in context: inout BuildContext) { self.body = config.body.bytes }

    public func request(_ exchange: Exchange) -> Decision {
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
