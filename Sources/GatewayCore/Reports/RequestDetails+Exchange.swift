import GatewayHTTP
import NIOCore

extension RequestDetails {
    /// Limits for what clients choose, in bytes and fields.
    private enum Limit {
        static let fields = 40
        static let value = 512
        static let url = 2048
        static let attempts = 10
    }

    /// Copies what a report tells about an exchange that has ended.
    init(of exchange: Exchange, _ outcome: Outcome, time: Int64, redaction: ReportRedaction) {
        self.init()
        let clock = Clock(now: exchange.now, time: time)
        self.requestID = exchange.requestID ?? ""
        self.method = Self.text(exchange.request.methodName, of: exchange, 32)
        let host = Self.text(exchange.request.host, of: exchange, 256)
        self.url = "\(exchange.clientScheme)://\(host)" + Self.text(exchange.rawPath, of: exchange, Limit.url)
        self.query = redaction.redacted(query: Self.text(exchange.query, of: exchange, Limit.url))
        self.consumer = exchange.caller?.consumer.name ?? ""
        self.traceParent = exchange.request.headers.first(.traceparent).map { Self.text($0, of: exchange, 64) } ?? ""
        self.startedAt = clock.time(of: exchange.startedAt)
        self.outcome = "\(outcome.name)"
        self.message = exchange.errorCode?.detail ?? ""
        for field in exchange.request.headers.fields where self.fields.count < Limit.fields {
            let name = Self.text(field.name, of: exchange, 128)
            let value = Self.text(field.value, of: exchange, Limit.value)
            if let value = redaction.redacted(value, of: name) { self.fields.append(Field(name: name, value: value)) }
        }
        self.copyAttempts(of: exchange, clock)
        self.notes = exchange.plan.chain.notes(on: exchange)
    }

    private mutating func copyAttempts(of exchange: Exchange, _ clock: Clock) {
        let call = exchange.upstreamCall
        for failed in call.failedTries.prefix(Limit.attempts) {
            self.attempts.append(
                Attempt(
                    target: failed.target?.label ?? "",
                    result: failed.failure?.text ?? "",
                    sentAt: failed.sentAt.map(clock.time)
                )
            )
        }
        guard call.tries > call.failedTries.count else { return }
        let isAnswered = exchange.origin == .upstream || exchange.errorCode == .upstreamError
        self.attempts.append(
            Attempt(
                target: exchange.target?.label ?? "",
                result: exchange.failure.map { "\($0.text)" } ?? (isAnswered ? "\(exchange.response.status)" : ""),
                sentAt: call.sentAt.map(clock.time),
                answeredAt: call.answerBeganAt.map(clock.time)
            )
        )
    }

    private static func text(_ range: ByteRange, of exchange: Exchange, _ limit: Int) -> String {
        guard !range.isEmpty else { return "" }
        return exchange.request.headers.withBytes(range) { String(decoding: $0.prefix(limit), as: UTF8.self) }
    }

    /// Turns times of an event loop's clock into the time of day.
    private struct Clock {
        let now: NIODeadline
        /// Milliseconds since 1970.
        let time: Int64

        func time(of deadline: NIODeadline) -> Int64 { self.time - (self.now - deadline).nanoseconds / 1_000_000 }
    }
}
