import Gateway
import NIOCore

/// Counts the requests that take longer than a threshold.
struct SlowRequests: RequestHook, CompletionHook {
    struct Config: Codable, Sendable { var thresholdMilliseconds: Int64 = 500 }
    static let name = "slow"
    private let threshold: TimeAmount
    private let start: ExchangeKey<NIODeadline?>
    private let count: Counter

    init(_ config: Config, in context: inout BuildContext) {
        self.threshold = .milliseconds(config.thresholdMilliseconds)
        self.start = context.key(nil)  // each request has its own value
        self.count = context.counter("requests_total", help: "Requests over the threshold.")
    }

    func request(_ exchange: Exchange) -> Decision {
        exchange[start] = exchange.now
        return .next
    }

    func complete(_ exchange: Exchange, _ outcome: Outcome) {
        if let start = exchange[start], exchange.now - start > threshold { count.add() }
    }
}
