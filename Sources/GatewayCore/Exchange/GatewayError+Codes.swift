/// The error codes. `docs/errors` has a page for each.
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
    /// 404: no route matches the path.
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
    /// 409: the request conflicts with the current state. For middlewares of an embedding program; the gateway does not
    /// raise it.
    public static let conflict = Self(
        "conflict",
        409,
        "The request does not fit the present state.",
        proxyStatus: "http_request_denied"
    )
    /// 412: a condition in the request does not hold.
    public static let preconditionFailed = Self(
        "precondition_failed",
        412,
        "A condition in the request does not hold.",
        proxyStatus: "http_request_denied"
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
    /// 416: the body has none of the requested ranges.
    public static let rangeNotSatisfiable = Self(
        "range_not_satisfiable",
        416,
        "The response has none of the requested ranges.",
        proxyStatus: "http_request_denied"
    )
    /// 421: this connection does not serve the requested host.
    public static let misdirectedRequest = Self(
        "misdirected_request",
        421,
        "This connection does not serve the requested host.",
        proxyStatus: "http_request_denied"
    )
    /// 426: the request asks for an unsupported version of WebSocket.
    public static let upgradeRequired = Self(
        "upgrade_required",
        426,
        "The WebSocket version is not supported.",
        proxyStatus: "http_request_error"
    )
    /// 422: some values are not valid.
    public static let validationFailed = Self(
        "validation_failed",
        422,
        "Some values are not valid.",
        proxyStatus: "http_request_denied"
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
    /// 500: the gateway failed.
    public static let internalError = Self(
        "internal_error",
        500,
        "The gateway failed to answer.",
        proxyStatus: "proxy_internal_error"
    )
    /// 501: the request uses a feature that the gateway does not implement.
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
    /// 502: the upstream's response is not valid HTTP.
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
    /// 503: the gateway has no capacity for the request.
    public static let overloaded = Self(
        "overloaded",
        503,
        "The gateway has no room for this request now.",
        proxyStatus: "connection_limit_reached"
    )
    /// 503: no target of the upstream can accept the request.
    public static let noHealthyUpstream = Self(
        "no_healthy_upstream",
        503,
        "No upstream can take this request now.",
        proxyStatus: "destination_unavailable"
    )
    /// 503: the targets of the upstream have failed too often, and get no requests for a while.
    public static let circuitOpen = Self(
        "circuit_open",
        503,
        "The upstream has failed too often and gets no requests for a while.",
        proxyStatus: "destination_unavailable"
    )
    /// 503: the gateway is shutting down.
    public static let draining = Self(
        "draining",
        503,
        "The gateway is shutting down.",
        proxyStatus: "proxy_internal_response"
    )
    /// 503: what decides about credentials cannot do so now.
    public static let authUnavailable = Self(
        "auth_unavailable",
        503,
        "Credentials cannot be checked now.",
        proxyStatus: "proxy_internal_response"
    )
    /// 503: what was asked for has to be recorded, and cannot be now.
    public static let auditUnavailable = Self(
        "audit_unavailable",
        503,
        "The audit log cannot be written, so nothing was changed.",
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
    /// 504: the time for the request is used up.
    public static let deadlineExceeded = Self(
        "deadline_exceeded",
        504,
        "The time for this request is used up.",
        proxyStatus: "http_response_timeout"
    )
    /// 504: the request asked for a stored response alone, and there is none.
    public static let notCached = Self(
        "not_cached",
        504,
        "There is no stored response, and the request asks for no other."
    )
    /// The upstream answered with an error, whose status the response keeps. 502 unless another status is set.
    public static let upstreamError = Self(
        "upstream_error",
        502,
        "The upstream answered with an error."
    )

    /// Every code.
    package static let all: [Self] = [
        .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .requestTimeout, .conflict,
        .preconditionFailed, .payloadTooLarge, .uriTooLong, .rangeNotSatisfiable, .misdirectedRequest,
        .validationFailed, .upgradeRequired, .rateLimited, .headersTooLarge, .internalError, .notImplemented,
        .versionNotSupported, .upstreamUnreachable, .upstreamInvalidResponse, .upstreamReset, .overloaded,
        .noHealthyUpstream, .circuitOpen, .draining, .authUnavailable, .auditUnavailable, .upstreamTimeout,
        .connectTimeout, .deadlineExceeded, .notCached,
        .upstreamError,
    ]
}
