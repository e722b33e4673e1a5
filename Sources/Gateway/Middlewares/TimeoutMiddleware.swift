import GatewayHTTP1
import NIOCore

/// Says how long each wait of an exchange may be.
///
/// ```toml
/// [middleware.timeout]
/// connect = "2s"
/// first_byte = "60s"
/// idle = "60s"
/// total = "off"
/// ```
///
/// It only sets the deadlines; the driver turns one that has passed into 504, or into a cut where the head has gone. The
/// time that is left of `total` goes upstream as `X-Request-Timeout-Ms`.
struct TimeoutMiddleware: RequestHook, ResponseHook {
    struct Config: Codable, Sendable {
        /// Name look-up and TCP together.
        var connect = TimeSpan.seconds(2)
        /// From the request's end to the response's head.
        var firstByte = TimeSpan.seconds(60)
        /// Between two reads of a body. Event streams are cut by it only where a policy or route sets it.
        var idle = TimeSpan.seconds(60)
        /// The whole exchange with its retries. A trusted peer shortens it with `X-Request-Timeout-Ms`.
        var total = TimeLimit.off
    }

    static let name = "timeout"

    private let connect: TimeAmount
    private let firstByte: TimeAmount
    private let idle: TimeAmount
    private let total: TimeAmount?
    /// An event stream may rest for longer than other bodies, unless somebody says for this route that it may not.
    private let cutsEventStreams: Bool

    init(_ config: Config, in context: inout BuildContext) {
        self.connect = TimeAmount(config.connect)
        self.firstByte = TimeAmount(config.firstByte)
        self.idle = TimeAmount(config.idle)
        self.total = config.total.span.map(TimeAmount.init)
        self.cutsEventStreams = context.isSetByRoute("idle")
    }

    func request(_ exchange: Exchange) -> Decision {
        exchange.deadlines.connect = self.connect
        exchange.deadlines.firstByte = self.firstByte
        exchange.deadlines.idle = self.idle
        exchange.deadlines.total = self.total
        if exchange.isFromTrustedPeer { self.shorten(exchange) }
        return .next
    }

    func response(_ exchange: Exchange) -> Decision {
        if !self.cutsEventStreams, Self.isEventStream(exchange) { exchange.deadlines.idle = nil }
        return .next
    }

    /// A deadline that came from outside may shorten ours and never lengthen it.
    private func shorten(_ exchange: Exchange) {
        guard let value = exchange.request.headers.first(.xRequestTimeoutMS) else { return }
        let milliseconds = exchange.request.headers.withBytes(value, Self.milliseconds)
        guard let milliseconds else { return }
        let asked = TimeAmount.milliseconds(milliseconds)
        exchange.deadlines.total = min(exchange.deadlines.total ?? asked, asked)
    }

    /// At least 1; nil for what is no number. A number too large for anyone to wait for is cut.
    private static func milliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard !text.isEmpty, text.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else { return nil }
        return text.prefix(12).reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }.clamped(to: 1...86_400_000)
    }

    private static func isEventStream(_ exchange: Exchange) -> Bool {
        guard let type = exchange.response.headers.first(.contentType) else { return false }
        let wanted: StaticString = "text/event-stream"
        return exchange.response.headers.withBytes(type) { type in
            guard type.count >= wanted.utf8CodeUnitCount else { return false }
            let name = UnsafeRawBufferPointer(rebasing: type[..<wanted.utf8CodeUnitCount])
            guard name.elementsEqualIgnoringCase(wanted) else { return false }
            guard type.count > name.count else { return true }
            return type[name.count] == UInt8(ascii: ";") || type[name.count] == UInt8(ascii: " ")
        }
    }
}

extension Comparable {
    fileprivate func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}

extension TimeAmount {
    init(_ span: TimeSpan) { self = .nanoseconds(span.nanoseconds) }
}
