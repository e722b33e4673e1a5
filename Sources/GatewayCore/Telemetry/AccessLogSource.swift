package import NIOCore

/// The data of a completed exchange, as the access log needs it.
///
/// Texts are borrowed for the length of a call, so that a line allocates nothing. Numbers that are nil are omitted.
package protocol AccessLogSource {
    /// Calls `body` with the bytes of a text as they were received, or not at all if there are none.
    func withBytes(of text: AccessLogText, _ body: (UnsafeRawBufferPointer) -> Void)

    var accessLogLevel: AccessLogLevel { get }
    var accessLogStatus: Int? { get }
    /// How a gRPC call ended.
    var accessLogGRPCStatus: Int? { get }
    /// What passed through the WebSocket that the exchange became.
    var accessLogWebSocket: AccessLogWebSocket? { get }
    var accessLogBytesIn: UInt64? { get }
    var accessLogBytesOut: UInt64? { get }
    var accessLogDuration: TimeAmount { get }
    var accessLogFirstByte: TimeAmount? { get }
    var accessLogUpstreamTime: TimeAmount? { get }
    /// What the handshake of the connection agreed on; nil if the connection is plain.
    var accessLogTLS: AccessLogTLS? { get }
    /// The number of attempts, including failed connections; 0 is omitted.
    var accessLogAttempts: Int { get }
    /// Calls `body` with the target and the failure of each try, in order, if there was more than one. Empty texts are
    /// omitted.
    func withTries(_ body: (_ target: UnsafeRawBufferPointer, _ failure: UnsafeRawBufferPointer) -> Void)
}

extension AccessLogSource {
    package var accessLogGRPCStatus: Int? { nil }
    package var accessLogWebSocket: AccessLogWebSocket? { nil }
}

/// The numbers of a WebSocket in the access log.
package struct AccessLogWebSocket: Sendable {
    /// The code of the first close frame; 1006 if there was none.
    var closeCode: UInt16
    /// The number of messages from the client.
    var messagesIn: UInt64
    /// The number of messages to the client.
    var messagesOut: UInt64

    package init(closeCode: UInt16, messagesIn: UInt64, messagesOut: UInt64) {
        self.closeCode = closeCode
        self.messagesIn = messagesIn
        self.messagesOut = messagesOut
    }
}

/// The texts of an access log line.
package enum AccessLogText: Sendable, CaseIterable {
    case requestID
    case traceID
    case clientIP
    case consumer
    case method
    case host
    /// As received, without the query.
    case path
    /// Without the question mark. The values of secret parameters are redacted when it is written.
    case query
    case `protocol`
    case route
    /// The code of the error body.
    case code
    case upstream
    case target
    /// Why the upstream failed: `refused`, `dns`, `reset`, `timeout`, `malformed`, `tls`.
    case reason
    /// How the exchange ended, such as `complete`, `client_gone`, `upstream_reset` or `timeout_first_byte`.
    case end
    case cache
    case encoding
    case rateLimit
    /// What was decided about the credential.
    case auth
    case userAgent
    case referer

    /// The name of the field.
    package var key: StaticString {
        switch self {
        case .requestID: "request_id"
        case .traceID: "trace_id"
        case .clientIP: "client_ip"
        case .consumer: "consumer"
        case .method: "method"
        case .host: "host"
        case .path: "path"
        case .query: "query"
        case .protocol: "protocol"
        case .route: "route"
        case .code: "code"
        case .upstream: "upstream"
        case .target: "target"
        case .reason: "reason"
        case .end: "end"
        case .cache: "cache"
        case .encoding: "encoding"
        case .rateLimit: "rate_limit"
        case .auth: "auth"
        case .userAgent: "user_agent"
        case .referer: "referer"
        }
    }
}

/// The severity of an access log line.
package enum AccessLogLevel: Sendable {
    case info
    /// The request was slow, or failed in the gateway or the upstream.
    case warning
}
