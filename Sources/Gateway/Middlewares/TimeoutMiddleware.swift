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
/// It only sets the deadlines; the driver turns one that has passed into 504, or into a cut where the head has gone.
struct TimeoutMiddleware: RequestHook {
    struct Config: Codable, Sendable {
        /// Name look-up and TCP together.
        var connect = TimeSpan.seconds(2)
        /// From the request's end to the response's head.
        var firstByte = TimeSpan.seconds(60)
        /// Between two reads of a body.
        var idle = TimeSpan.seconds(60)
        /// The whole exchange.
        var total = TimeLimit.off
    }

    static let name = "timeout"

    private let connect: TimeAmount
    private let firstByte: TimeAmount
    private let idle: TimeAmount
    private let total: TimeAmount?

    init(_ config: Config, in context: inout BuildContext) {
        self.connect = TimeAmount(config.connect)
        self.firstByte = TimeAmount(config.firstByte)
        self.idle = TimeAmount(config.idle)
        self.total = config.total.span.map(TimeAmount.init)
    }

    func request(_ exchange: Exchange) -> Decision {
        exchange.deadlines.connect = self.connect
        exchange.deadlines.firstByte = self.firstByte
        exchange.deadlines.idle = self.idle
        exchange.deadlines.total = self.total
        return .next
    }
}

extension TimeAmount {
    init(_ span: TimeSpan) { self = .nanoseconds(span.nanoseconds) }
}
