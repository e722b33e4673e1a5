package import GatewayHTTP
import GatewayHTTP1

/// An error that the gateway returns to a client. The client sees the code, the status and a sentence about the
/// request. Details about the upstream or the gateway stay in ``reason``, for the log.
public struct GatewayError: Error, Hashable, Sendable {
    /// The kind of error, which implies the status.
    public var code: Code
    /// A sentence for the client, or nil for the default of the code.
    public var detail: String?
    /// The value of `Retry-After` in seconds, at least 1.
    public var retryAfter: Int?
    /// The reason, for the log only.
    public var reason: String?
    /// The upstream's failure, if the upstream caused the error.
    package var failure: UpstreamFailure?
    /// The value of `Allow`, for a 405.
    package var allow: String?
    /// The error type of `Proxy-Status` (RFC 9209 section 2.3), or nil for the default of the code.
    package var proxyStatus: StaticString?
    /// Fields of the response in addition to those that every error has.
    package var fields = PreparedFields()
    /// The rejected values, for a 422.
    package var problems: [Problem] = []

    private var givenStatus: Int?
    /// The status of the response: the default of the code, unless another was set.
    package var status: Int {
        get { self.givenStatus ?? self.code.status }
        set { self.givenStatus = newValue }
    }

    /// A rejected value.
    package struct Problem: Hashable, Sendable {
        package var field: String
        package var reason: String

        package init(field: String, reason: String) {
            self.field = field
            self.reason = reason
        }
    }

    /// - Parameters:
    ///   - code: The kind of error, which implies the status.
    ///   - detail: A sentence for the client; nil for the default of the code.
    ///   - retryAfter: The value of `Retry-After` in seconds, at least 1.
    ///   - reason: The reason, for the log only.
    public init(_ code: Code, detail: String? = nil, retryAfter: Int? = nil, reason: String? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter.map { max(1, $0) }
        self.reason = reason
    }

    /// Returns a 400 with a sentence for the client.
    public static func badRequest(_ detail: String) -> GatewayError { GatewayError(.badRequest, detail: detail) }
    /// Returns a 403 with a sentence for the client.
    public static func forbidden(_ detail: String) -> GatewayError { GatewayError(.forbidden, detail: detail) }

    public static func == (left: GatewayError, right: GatewayError) -> Bool {
        left.code == right.code && left.detail == right.detail && left.retryAfter == right.retryAfter
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(self.code) }

    /// The kind of an error: the `code` of the error body and of `gateway_errors_total`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name in the error body, such as `rate_limited`.
        public let name: String
        /// The status of the response.
        public let status: Int
        /// A sentence that is true of every error of this code.
        package let detail: String
        /// The error type of `Proxy-Status` (RFC 9209 section 2.3), or nil if none fits.
        package let proxyStatus: StaticString?

        package init(_ name: String, _ status: Int, _ detail: String, proxyStatus: StaticString? = nil) {
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

extension RouteMeters {
    func countError(_ code: GatewayError.Code) { self.countError(code: code.name) }
}
