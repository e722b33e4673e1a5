package import GatewayCore
import GatewayHTTP
package import GatewaySettings
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
package struct LimitsMiddleware: RequestHook {
    package struct Config: Codable, Sendable {
        /// Maximum size of a request body. Larger ones get 413.
        package var body = ByteCount.mebibytes(10)

        package init() {}
    }

    package static let name = "limits"

    private let body: Int

    package init(_ config: Config, in context: inout BuildContext) { self.body = config.body.bytes }

    package func request(_ exchange: Exchange) -> Decision {
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
