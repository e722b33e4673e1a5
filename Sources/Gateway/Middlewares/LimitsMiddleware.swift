import GatewayHTTP1
import NIOCore

/// Refuses request bodies that are too large.
///
/// ```toml
/// [middleware.limits]
/// body = "10MiB"
/// ```
///
/// An announced length is refused before the upstream hears of the request. A body of unknown length is counted while it
/// streams; where an answer has begun by then, the client is cut off.
struct LimitsMiddleware: RequestHook {
    struct Config: Codable, Sendable {
        /// Maximum size of a request body. Larger ones get 413.
        var body = ByteCount.mebibytes(10)
    }

    static let name = "limits"

    private let body: Int

    init(_ config: Config, in context: inout BuildContext) { self.body = config.body.bytes }

    func request(_ exchange: Exchange) -> Decision {
        switch exchange.request.framing {
        case .length(let length) where length > self.body: return .fail(GatewayError(.payloadTooLarge))
        case .chunked, .untilClose:
            // Above this middleware the body may have been collected.
            let held = exchange.requestHeld.readableBytes
            if held > self.body { return .fail(GatewayError(.payloadTooLarge)) }
            exchange.requestBodyRest = self.body - held
            return .next
        case .none, .length: return .next
        }
    }
}
