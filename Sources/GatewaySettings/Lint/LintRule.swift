/// What `gateway lint` looks for. `docs/lint.md` has a section for each rule.
package enum LintRule: String, CaseIterable, Sendable {
    case adminWithoutToken = "admin-without-token"
    case trustedProxiesWide = "trusted-proxies-wide"
    case upstreamVerifyOff = "upstream-verify-off"

    case secretInFile = "secret-in-file"
    case cspUnsafeInline = "csp-unsafe-inline"
    case corsAnyOrigin = "cors-any-origin"
    case hstsWithoutTLS = "hsts-without-tls"
    case noTimeout = "no-timeout"
    case routeUnreachable = "route-unreachable"
    case ruleBypassed = "rule-bypassed"
    case certificate
    case unused
    case jwtWithoutAudience = "jwt-without-audience"
    case basicWithoutTLS = "basic-without-tls"

    /// A setting that does nothing as the rest of the file is.
    case noEffect = "no-effect"
    /// A reference to something that the file does not define.
    case unknownName = "unknown-name"
    /// Credentials or keys that travel without TLS.
    case plainText = "plain-text"
    case redisVerifyOff = "redis-verify-off"
    case weakHash = "weak-hash"
    case noRoutes = "no-routes"
    case alertCondition = "alert-condition"
    case webhookUnfiltered = "webhook-unfiltered"
    case webhookUnsigned = "webhook-unsigned"
    case webhookTemplate = "webhook-template"
    /// What a middleware finds in its own settings.
    case middleware

    case noRateLimit = "no-rate-limit"
    case noBodyLimit = "no-body-limit"

    package var severity: LintSeverity {
        switch self {
        case .adminWithoutToken, .trustedProxiesWide, .upstreamVerifyOff: .error
        case .noRateLimit, .noBodyLimit: .info
        default: .warning
        }
    }

    /// The section that explains the rule, from the root of the repository.
    package var page: String { "docs/lint.md#\(self.rawValue)" }
}

/// How bad a finding of `gateway lint` is.
package enum LintSeverity: String, CaseIterable, Comparable, Sendable {
    case info, warning, error

    package static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }

    private var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .error: 2
        }
    }
}
