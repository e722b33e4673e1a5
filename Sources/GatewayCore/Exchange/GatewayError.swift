package import GatewayHTTP
import GatewayHTTP1

/// An error with which the gateway answers a request. The client sees the code, its status and a sentence about the
/// request. What happened inside an upstream or the gateway stays in ``reason``, for the log.
public struct GatewayError: Error, Hashable, Sendable {
    /// The kind of error, which implies the status.
    public var code: Code
    /// A sentence for the client, or nil for the default of the code.
    public var detail: String?
    /// The value of `Retry-After` in seconds, at least 1.
    public var retryAfter: Int?
    /// For the log alone.
    public var reason: String?
    /// Where it is the upstream's failure, which one.
    package var failure: UpstreamFailure?
    /// The methods of `Allow`, with 405.
    package var allow: String?
    /// The error type of `Proxy-Status` (RFC 9209 section 2.3), where the code's own says too little.
    package var proxyStatus: StaticString?
    /// Fields that stand on the response beside those that every error has.
    package var fields = PreparedFields()
    /// What is wrong with which value, with 422.
    package var problems: [Problem] = []

    private var givenStatus: Int?
    /// Of the response: the code's own, unless another was set.
    package var status: Int {
        get { self.givenStatus ?? self.code.status }
        set { self.givenStatus = newValue }
    }

    /// A value that was refused.
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
        /// Of the answer.
        public let status: Int
        /// A sentence that is true of every error of this code.
        package let detail: String
        /// RFC 9209 section 2.3; nil where no such type fits.
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
