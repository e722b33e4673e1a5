import GatewayCache
public import GatewayCore
import GatewayHTTP
import NIOCore

/// Writes one access log line per exchange, when it ends.
///
/// ```toml
/// [middleware.access_log]
/// sample = 0.1
/// ```
///
/// `[log]` configures the destination and format. Errors, including incomplete responses, and slow requests are logged
/// regardless of `sample`.
public struct AccessLogMiddleware: CompletionHook {
    public struct Config: Codable, Sendable {
        /// Fraction of requests that get a line, from 0 to 1.
        public var sample = 1.0

        public init() {}
    }

    public static let name = "access_log"

    private let worker: Worker
    private let isSampled: Bool
    /// A threshold for random numbers.
    private let threshold: UInt64

    public init(_ config: Config, in context: inout BuildContext) {
        if !(0...1).contains(config.sample) {
            context.fail(
                "\(config.sample) is not between 0 and 1",
                suggestion: "write \(config.sample > 1 ? "1.0" : "0.0"), or another number from 0 to 1",
                at: "sample"
            )
        }
        self.worker = context.worker
        self.isSampled = config.sample < 1
        self.threshold = UInt64(max(0, min(config.sample, 1)) * Double(UInt32.max))
    }

    public func complete(_ exchange: Exchange, _ outcome: Outcome) {
        guard let sink = self.worker.accessLog else { return }
        let entry = AccessLogEntry(exchange, outcome, slow: self.worker.settings.slowRequest)
        if self.isSampled, entry.accessLogLevel == .info, self.worker.random.next() >> 32 >= self.threshold { return }
        let time = self.worker.unixMilliseconds
        sink.write { self.worker.accessLogFormat.write(entry, time: time, into: &$0) }
    }
}

/// A completed exchange, as the access log needs it.
struct AccessLogEntry: AccessLogSource {
    private let exchange: Exchange
    private let outcome: Outcome
    let accessLogDuration: TimeAmount
    let accessLogLevel: AccessLogLevel

    init(_ exchange: Exchange, _ outcome: Outcome, slow: TimeAmount?) {
        self.exchange = exchange
        self.outcome = outcome
        let duration = exchange.now - exchange.startedAt
        self.accessLogDuration = duration
        self.accessLogLevel = exchange.isSlow(slow) || exchange.hasFailed(outcome) ? .warning : .info
    }

    var accessLogStatus: Int? { self.exchange.firstByteAt == nil ? nil : self.exchange.response.status }
    var accessLogGRPCStatus: Int? {
        self.exchange.isGRPC ? self.exchange.grpcStatus(self.outcome).map { Int($0.rawValue) } : nil
    }
    var accessLogWebSocket: AccessLogWebSocket? {
        guard let upgrade = self.exchange.upgrade, let code = upgrade.closeCode else { return nil }
        let messages = upgrade.messages
        return AccessLogWebSocket(closeCode: code, messagesIn: messages.in, messagesOut: messages.out)
    }
    var accessLogBytesIn: UInt64? { self.exchange.bytesIn }
    var accessLogBytesOut: UInt64? { self.exchange.bytesOut }
    var accessLogFirstByte: TimeAmount? { self.exchange.firstByteAt.map { $0 - self.exchange.startedAt } }
    var accessLogTLS: AccessLogTLS? { self.exchange.accessLogTLS }
    var accessLogAttempts: Int { self.exchange.upstreamCall.tries }

    var accessLogUpstreamTime: TimeAmount? {
        guard let sent = self.exchange.upstreamCall.sentAt else { return nil }
        return (self.exchange.upstreamCall.answerEndedAt ?? self.exchange.now) - sent
    }

    func withBytes(of text: AccessLogText, _ body: (UnsafeRawBufferPointer) -> Void) {
        switch text {
        case .requestID: self.lend(self.exchange.requestIDRange, body)
        case .traceID: self.lend(self.exchange.trace.digits, body)
        case .clientIP: self.exchange.clientAddress.text.withUnsafeBytes(body)
        case .method: self.lend(self.exchange.request.methodName, body)
        case .host: self.lend(self.exchange.request.host, body)
        case .path: self.lend(self.exchange.rawPath, body)
        case .query: self.lend(self.exchange.query, body)
        case .protocol: self.lend(self.exchange.client?.protocolName ?? "HTTP/1.1", body)
        case .route: self.exchange.plan.nameBytes.withUnsafeBytes(body)
        case .code: if let code = self.exchange.errorCode { self.lend(code.name, body) }
        case .upstream: if let name = self.exchange.upstreamName { self.lend(name, body) }
        case .target: if let target = self.exchange.target { self.lend(target.label, body) }
        case .reason: if let failure = self.exchange.failure { self.lend(failure.text, body) }
        case .end: self.lend(self.outcome.name, body)
        case .userAgent: self.lend(self.exchange.request.headers.first(.userAgent) ?? .empty, body)
        case .referer: self.lend(self.exchange.request.headers.first(.referer) ?? .empty, body)
        case .rateLimit: if let verdict = self.exchange[RateLimitMiddleware.verdict] { self.lend(verdict, body) }
        case .encoding:
            if let coding = self.exchange.response.headers.first(.contentEncoding) {
                self.exchange.response.headers.withBytes(coding, body)
            }
        case .cache: if let result = self.exchange[CacheMiddleware.result] { self.lend(result.name, body) }
        case .consumer:
            if let caller = self.exchange.caller, !caller.name.isEmpty { self.lend(caller.name, body) }
        case .auth: if let verdict = self.exchange[AuthMiddleware.verdict] { self.lend(verdict.text, body) }
        }
    }

    func withTries(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        let call = self.exchange.upstreamCall
        guard call.tries > 1 else { return }
        for failed in call.failedTries { Self.lend(failed.target?.label ?? "", failed.failure?.text ?? "", body) }
        guard call.isTrying else { return }
        Self.lend(self.exchange.target?.label ?? "", self.lastFailure, body)
    }

    /// Why the last try failed, or an empty text if it did not.
    private var lastFailure: String {
        if let failure = self.exchange.failure { return "\(failure.text)" }
        let isOfUpstream = self.exchange.origin == .upstream || self.exchange.errorCode == .upstreamError
        return isOfUpstream && self.exchange.response.status >= 500 ? "\(self.exchange.response.status)" : ""
    }

    private static func lend(
        _ target: String,
        _ failure: String,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) {
        var (target, failure) = (target, failure)
        target.withUTF8 { target in
            failure.withUTF8 { body(UnsafeRawBufferPointer(target), UnsafeRawBufferPointer($0)) }
        }
    }

    private func lend(_ range: ByteRange, _ body: (UnsafeRawBufferPointer) -> Void) {
        if !range.isEmpty { self.exchange.request.headers.withBytes(range, body) }
    }

    private func lend(_ text: StaticString, _ body: (UnsafeRawBufferPointer) -> Void) {
        body(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private func lend(_ text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        var text = text
        text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
