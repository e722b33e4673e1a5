import GatewayHTTP1

/// Why the gateway itself answers a request with an error. A client sees the code, its status and a sentence about the
/// request; what happened inside an upstream or the gateway stays in ``reason``, for the log.
public struct GatewayError: Error, Hashable, Sendable {
    /// What kind of error it is, and with that the status.
    public var code: Code
    /// A sentence for the client, or nil for the code's own.
    public var detail: String?
    /// Seconds until a further try makes sense, at least 1: `Retry-After`.
    public var retryAfter: Int?
    /// For the log alone.
    public var reason: String?
    /// The methods of `Allow`, with 405.
    var allow: String?
    /// Of the response, where it is not the code's own.
    var status: Int?
    /// Further fields of the response.
    var fields: [(HeaderName, [UInt8])] = []
    /// The error type of `Proxy-Status` (RFC 9209 section 2.3), where the code's own says too little.
    var proxyStatus: StaticString?

    /// - Parameters:
    ///   - code: what kind of error it is, and with that the status.
    ///   - detail: a sentence for the client; nil for the code's own.
    ///   - retryAfter: seconds, at least 1, for `Retry-After`.
    ///   - reason: for the log alone.
    public init(_ code: Code, detail: String? = nil, retryAfter: Int? = nil, reason: String? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter.map { max(1, $0) }
        self.reason = reason
    }

    /// 400 with this sentence for the client.
    public static func badRequest(_ detail: String) -> GatewayError { GatewayError(.badRequest, detail: detail) }
    /// 403 with this sentence for the client.
    public static func forbidden(_ detail: String) -> GatewayError { GatewayError(.forbidden, detail: detail) }

    public static func == (left: GatewayError, right: GatewayError) -> Bool {
        left.code == right.code && left.detail == right.detail && left.retryAfter == right.retryAfter
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(self.code) }

    /// What kind of error it is: the `code` of the error body and of `gateway_errors_total`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// As in the body: `rate_limited`.
        public let name: String
        /// Of the answer.
        public let status: Int
        /// A sentence that is true of every error of this code.
        let detail: String
        /// RFC 9209 section 2.3; nil where no such type fits.
        let proxyStatus: String?

        private init(_ name: String, _ status: Int, _ detail: String, proxyStatus: String? = nil) {
            self.name = name
            self.status = status
            self.detail = detail
            self.proxyStatus = proxyStatus
        }

        public static func == (left: Code, right: Code) -> Bool { left.name == right.name }
        public func hash(into hasher: inout Hasher) { hasher.combine(self.name) }
        public var description: String { self.name }
    }
}

extension GatewayError.Code {
    /// 400: the request is malformed.
    public static let badRequest = Self(
        "bad_request",
        400,
        "The request is malformed.",
        proxyStatus: "http_request_error"
    )
    /// 401: the request needs valid credentials.
    public static let unauthorized = Self(
        "unauthorized",
        401,
        "The request needs valid credentials.",
        proxyStatus: "http_request_denied"
    )
    /// 403: the request is not allowed.
    public static let forbidden = Self(
        "forbidden",
        403,
        "The request is not allowed.",
        proxyStatus: "http_request_denied"
    )
    /// 404: no route takes this path.
    public static let notFound = Self(
        "not_found",
        404,
        "No route takes this path.",
        proxyStatus: "http_request_denied"
    )
    /// 405: the method is not allowed here.
    public static let methodNotAllowed = Self(
        "method_not_allowed",
        405,
        "The method is not allowed here.",
        proxyStatus: "http_request_denied"
    )
    /// 408: the request did not arrive in time.
    public static let requestTimeout = Self(
        "request_timeout",
        408,
        "The request did not arrive in time.",
        proxyStatus: "http_request_error"
    )
    /// 413: the request body is too large.
    public static let payloadTooLarge = Self(
        "payload_too_large",
        413,
        "The request body is too large.",
        proxyStatus: "http_request_error"
    )
    /// 414: the request line is too long.
    public static let uriTooLong = Self(
        "uri_too_long",
        414,
        "The request line is too long.",
        proxyStatus: "http_request_error"
    )
    /// 429: too many requests.
    public static let rateLimited = Self(
        "rate_limited",
        429,
        "Too many requests.",
        proxyStatus: "http_request_denied"
    )
    /// 431: the request's header fields are too large.
    public static let headersTooLarge = Self(
        "headers_too_large",
        431,
        "The request's header fields are too large.",
        proxyStatus: "http_request_error"
    )
    /// 500: the gateway failed to answer.
    public static let internalError = Self(
        "internal_error",
        500,
        "The gateway failed to answer.",
        proxyStatus: "proxy_internal_error"
    )
    /// 501: the gateway does not do what the request asks for.
    public static let notImplemented = Self(
        "not_implemented",
        501,
        "The gateway does not do what the request asks for.",
        proxyStatus: "http_request_denied"
    )
    /// 505: the HTTP version is not supported.
    public static let versionNotSupported = Self(
        "version_not_supported",
        505,
        "The HTTP version is not supported.",
        proxyStatus: "http_request_error"
    )
    /// 502: the upstream could not be reached.
    public static let upstreamUnreachable = Self(
        "upstream_unreachable",
        502,
        "The upstream could not be reached.",
        proxyStatus: "destination_unavailable"
    )
    /// 502: the upstream's answer could not be understood.
    public static let upstreamInvalidResponse = Self(
        "upstream_invalid_response",
        502,
        "The upstream's answer could not be understood.",
        proxyStatus: "http_protocol_error"
    )
    /// 502: the upstream closed the connection before it answered.
    public static let upstreamReset = Self(
        "upstream_reset",
        502,
        "The upstream closed the connection before it answered.",
        proxyStatus: "connection_terminated"
    )
    /// 503: the gateway has no room for this request now.
    public static let overloaded = Self(
        "overloaded",
        503,
        "The gateway has no room for this request now.",
        proxyStatus: "connection_limit_reached"
    )
    /// 503: no upstream can take this request now.
    public static let noHealthyUpstream = Self(
        "no_healthy_upstream",
        503,
        "No upstream can take this request now.",
        proxyStatus: "destination_unavailable"
    )
    /// 503: the gateway is shutting down.
    public static let draining = Self(
        "draining",
        503,
        "The gateway is shutting down.",
        proxyStatus: "proxy_internal_response"
    )
    /// 504: the upstream did not answer in time.
    public static let upstreamTimeout = Self(
        "upstream_timeout",
        504,
        "The upstream did not answer in time.",
        proxyStatus: "http_response_timeout"
    )
    /// 504: the upstream could not be reached in time.
    public static let connectTimeout = Self(
        "connect_timeout",
        504,
        "The upstream could not be reached in time.",
        proxyStatus: "connection_timeout"
    )
    /// 504: the time for this request is used up.
    public static let deadlineExceeded = Self(
        "deadline_exceeded",
        504,
        "The time for this request is used up.",
        proxyStatus: "http_response_timeout"
    )
}
