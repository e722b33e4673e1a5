import NIOCore

/// What the access log asks of an exchange that has ended.
///
/// Texts are lent for the length of a call, so that nothing is allocated for a line. Numbers that are nil are left out.
protocol AccessLogSource {
    /// Calls `body` with the bytes of a text as they were received, or not at all when there is nothing to say.
    func withBytes(of text: AccessLogText, _ body: (UnsafeRawBufferPointer) -> Void)

    var accessLogLevel: AccessLogLevel { get }
    var accessLogStatus: Int? { get }
    var accessLogBytesIn: UInt64? { get }
    var accessLogBytesOut: UInt64? { get }
    var accessLogDuration: TimeAmount { get }
    var accessLogFirstByte: TimeAmount? { get }
    var accessLogUpstreamTime: TimeAmount? { get }
    /// How often an endpoint was tried, failed connections included; 0 is left out.
    var accessLogAttempts: Int { get }
}

/// The texts of an access log line.
enum AccessLogText: Sendable, CaseIterable {
    case requestID
    case traceID
    case clientIP
    case consumer
    case method
    case host
    /// As the client wrote it, without the query.
    case path
    /// Without the question mark; the values of secret parameters are replaced when it is written.
    case query
    case `protocol`
    case route
    /// The code in the error body.
    case code
    case upstream
    case target
    /// Why the upstream failed the request: `refused`, `dns`, `reset`, `timeout`, `malformed`.
    case reason
    /// How the exchange ended: `complete`, `client_gone`, `upstream_reset`, `timeout_first_byte` and the like.
    case end
    case cache
    case encoding
    case rateLimit
    case userAgent
    case referer
    /// The version of TLS.
    case tls

    /// The name of the field.
    var key: StaticString {
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
        case .userAgent: "user_agent"
        case .referer: "referer"
        case .tls: "tls"
        }
    }
}

/// How much a line of the access log wants to be seen.
enum AccessLogLevel: Sendable {
    case info
    /// A slow request, or one that failed in the gateway or behind it.
    case warning
}
