/// The codes that an error may have. `docs/errors` has a page for each.
extension GatewayError.Code {
    public static let badRequest = Self(
        "bad_request",
        400,
        "The request is malformed.",
        proxyStatus: "http_request_error"
    )
    public static let unauthorized = Self(
        "unauthorized",
        401,
        "The request needs valid credentials.",
        proxyStatus: "http_request_denied"
    )
    public static let forbidden = Self(
        "forbidden",
        403,
        "The request is not allowed.",
        proxyStatus: "http_request_denied"
    )
    public static let notFound = Self(
        "not_found",
        404,
        "No route takes this path.",
        proxyStatus: "http_request_denied"
    )
    public static let methodNotAllowed = Self(
        "method_not_allowed",
        405,
        "The method is not allowed here.",
        proxyStatus: "http_request_denied"
    )
    public static let requestTimeout = Self(
        "request_timeout",
        408,
        "The request did not arrive in time.",
        proxyStatus: "http_request_error"
    )
    public static let conflict = Self(
        "conflict",
        409,
        "The request does not fit the present state.",
        proxyStatus: "http_request_denied"
    )
    public static let preconditionFailed = Self(
        "precondition_failed",
        412,
        "A condition in the request does not hold.",
        proxyStatus: "http_request_denied"
    )
    public static let payloadTooLarge = Self(
        "payload_too_large",
        413,
        "The request body is too large.",
        proxyStatus: "http_request_error"
    )
    public static let uriTooLong = Self(
        "uri_too_long",
        414,
        "The request line is too long.",
        proxyStatus: "http_request_error"
    )
    public static let misdirectedRequest = Self(
        "misdirected_request",
        421,
        "This connection does not serve the requested host.",
        proxyStatus: "http_request_denied"
    )
    public static let validationFailed = Self(
        "validation_failed",
        422,
        "Some values are not valid.",
        proxyStatus: "http_request_denied"
    )
    public static let rateLimited = Self(
        "rate_limited",
        429,
        "Too many requests.",
        proxyStatus: "http_request_denied"
    )
    public static let headersTooLarge = Self(
        "headers_too_large",
        431,
        "The request's header fields are too large.",
        proxyStatus: "http_request_error"
    )
    public static let internalError = Self(
        "internal_error",
        500,
        "The gateway failed to answer.",
        proxyStatus: "proxy_internal_error"
    )
    public static let notImplemented = Self(
        "not_implemented",
        501,
        "The gateway does not do what the request asks for.",
        proxyStatus: "http_request_denied"
    )
    public static let versionNotSupported = Self(
        "version_not_supported",
        505,
        "The HTTP version is not supported.",
        proxyStatus: "http_request_error"
    )
    public static let upstreamUnreachable = Self(
        "upstream_unreachable",
        502,
        "The upstream could not be reached.",
        proxyStatus: "destination_unavailable"
    )
    public static let upstreamInvalidResponse = Self(
        "upstream_invalid_response",
        502,
        "The upstream's answer could not be understood.",
        proxyStatus: "http_protocol_error"
    )
    public static let upstreamReset = Self(
        "upstream_reset",
        502,
        "The upstream closed the connection before it answered.",
        proxyStatus: "connection_terminated"
    )
    public static let overloaded = Self(
        "overloaded",
        503,
        "The gateway has no room for this request now.",
        proxyStatus: "connection_limit_reached"
    )
    public static let noHealthyUpstream = Self(
        "no_healthy_upstream",
        503,
        "No upstream can take this request now.",
        proxyStatus: "destination_unavailable"
    )
    public static let circuitOpen = Self(
        "circuit_open",
        503,
        "The upstream has failed too often and is given time to recover.",
        proxyStatus: "destination_unavailable"
    )
    public static let draining = Self(
        "draining",
        503,
        "The gateway is shutting down.",
        proxyStatus: "proxy_internal_response"
    )
    public static let upstreamTimeout = Self(
        "upstream_timeout",
        504,
        "The upstream did not answer in time.",
        proxyStatus: "http_response_timeout"
    )
    public static let connectTimeout = Self(
        "connect_timeout",
        504,
        "The upstream could not be reached in time.",
        proxyStatus: "connection_timeout"
    )
    public static let deadlineExceeded = Self(
        "deadline_exceeded",
        504,
        "The time for this request is used up.",
        proxyStatus: "http_response_timeout"
    )
    /// Its status is the upstream's.
    public static let upstreamError = Self(
        "upstream_error",
        502,
        "The upstream answered with an error."
    )

    /// Each code that there is.
    static let all: [Self] = [
        .badRequest, .unauthorized, .forbidden, .notFound, .methodNotAllowed, .requestTimeout, .conflict,
        .preconditionFailed, .payloadTooLarge, .uriTooLong, .misdirectedRequest, .validationFailed, .rateLimited,
        .headersTooLarge, .internalError, .notImplemented, .versionNotSupported, .upstreamUnreachable,
        .upstreamInvalidResponse, .upstreamReset, .overloaded, .noHealthyUpstream, .circuitOpen, .draining,
        .upstreamTimeout, .connectTimeout, .deadlineExceeded, .upstreamError,
    ]
}
