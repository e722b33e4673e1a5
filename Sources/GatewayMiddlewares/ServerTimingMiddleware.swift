import GatewayCache
public import GatewayCore
import GatewayHTTP
import NIOCore

/// Reports to browsers' developer tools how long the gateway and the upstream took (W3C Server Timing).
///
/// ```toml
/// [middleware.server_timing]
/// ```
///
/// Off by default, because it tells everyone how fast the upstream is. Entries of the upstream come first. If the request
/// took several tries, `tries;desc="2"` tells how many. On routes with a cache, `cache;desc=hit` tells what it did.
public struct ServerTimingMiddleware: ResponseHook {
    public struct Config: Codable, Sendable {}

    public static let name = "server_timing"

    public init(_ config: Config, in context: inout BuildContext) {}

    public func response(_ exchange: Exchange) -> Decision {
        // Reads the clock itself: the event loop's time stands still while it works.
        let total = NIODeadline.now() - exchange.startedAt
        var upstream: TimeAmount?
        let call = exchange.upstreamCall
        if let sent = call.sentAt { upstream = (call.answerBeganAt ?? exchange.now) - sent }
        exchange.response.headers.add(Self.serverTiming) { value in
            value.write("gateway;dur=")
            value.write(milliseconds: total - (upstream ?? .zero))
            if let upstream {
                value.write(", upstream;dur=")
                value.write(milliseconds: upstream)
            }
            if call.tries > 1 {
                value.write(", tries;desc=\"")
                value.write(decimal: call.tries)
                value.write("\"")
            }
            if let result = exchange[CacheMiddleware.result] {
                value.write(", cache;desc=")
                value.write(result.name)
            }
        }
        return .next
    }

    private static let serverTiming = HeaderName(.serverTiming)
}

extension HeadWriter {
    /// With three decimals: `1.042`.
    fileprivate mutating func write(milliseconds amount: TimeAmount) {
        let microseconds = Int(max(0, amount.nanoseconds) / 1000)
        self.write(decimal: microseconds / 1000)
        self.write(UInt8(ascii: "."))
        self.write(UInt8(ascii: "0") + UInt8(microseconds / 100 % 10))
        self.write(UInt8(ascii: "0") + UInt8(microseconds / 10 % 10))
        self.write(UInt8(ascii: "0") + UInt8(microseconds % 10))
    }
}
