import GatewayHTTP
import NIOCore

extension KeptRequest {
    /// Limits for what clients choose, in bytes and tries.
    private enum Limit {
        static let text = 512
        static let name = 128
        static let tries = 10
    }

    /// The status of a request whose client left before a response, as in metrics.
    private static let unanswered = 499

    /// Copies what is kept of an exchange that has ended.
    init(_ reason: Reason, of exchange: Exchange, _ outcome: Outcome, redaction: ReportRedaction) {
        let now = exchange.now
        self.init(
            reason,
            route: exchange.route,
            status: exchange.firstByteAt == nil ? Self.unanswered : exchange.response.status,
            duration: max(0, (now - exchange.startedAt).nanoseconds),
            endedAt: now.uptimeNanoseconds,
            time: exchange.worker.unixMilliseconds
        )
        self.requestID = Self.text(exchange.requestIDRange, of: exchange, Limit.name)
        self.traceID = exchange.request.headers.first(.traceparent).flatMap { range in
            exchange.request.headers.withBytes(range) { TraceParent($0)?.traceDigits }
        }
        self.method = Self.text(exchange.request.methodName, of: exchange, Limit.name)
        self.path = Self.text(exchange.rawPath, of: exchange, Limit.text)
        if !exchange.query.isEmpty {
            self.query = redaction.redacted(query: Self.text(exchange.query, of: exchange, Limit.text))
        }
        if exchange.isGRPC { self.grpcStatus = exchange.grpcStatus(outcome).map { Int($0.rawValue) } }
        self.code = exchange.errorCode?.name
        self.end = "\(outcome.name)"
        if let name = exchange.caller?.name, !name.isEmpty {
            self.consumer = String(decoding: name.utf8.prefix(Limit.text), as: UTF8.self)
        }
        self.copyTries(of: exchange)
    }

    private mutating func copyTries(of exchange: Exchange) {
        let tries = exchange.upstreamTries
        self.tries = tries.prefix(Limit.tries).map { attempt in
            Try(
                target: attempt.target?.label,
                status: attempt.status > 0 ? attempt.status : nil,
                failure: attempt.failure?.text,
                duration: attempt.duration?.nanoseconds
            )
        }
        guard let last = tries.final else { return }
        self.phases = Phases(
            queue: last.queueTime?.nanoseconds,
            connect: last.connectTime?.nanoseconds,
            firstByte: last.firstByteTime?.nanoseconds,
            body: last.bodyTime?.nanoseconds
        )
    }

    private static func text(_ range: ByteRange, of exchange: Exchange, _ limit: Int) -> String {
        guard !range.isEmpty else { return "" }
        return exchange.request.headers.withBytes(range) { String(decoding: $0.prefix(limit), as: UTF8.self) }
    }
}

extension TraceParent {
    /// The trace ID as 32 hexadecimal digits.
    fileprivate var traceDigits: String {
        [self.traceID.high, self.traceID.low].map { number in
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
