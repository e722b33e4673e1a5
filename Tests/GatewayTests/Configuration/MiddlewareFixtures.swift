import Gateway

@testable import GatewaySettings

/// Middlewares for configuration tests: with flat, nested, enumerated, list and map settings.
enum MiddlewareFixtures {
    struct RequestID: Codable, Sendable, Equatable {
        enum Accept: String, Codable, CaseIterable { case never, trusted, always }
        var header = "X-Request-ID"
        var aliases: [String] = []
        var accept = Accept.trusted
    }

    struct AccessLog: Codable, Sendable, Equatable {
        var sample = 1.0
    }

    struct Timeout: Codable, Sendable, Equatable {
        var connect = TimeSpan.seconds(2)
        var firstByte = TimeSpan.seconds(60)
        var idle = TimeSpan.seconds(60)
        var total = TimeLimit.off
    }

    struct SecurityHeaders: Codable, Sendable, Equatable {
        struct CSP: Codable, Sendable, Equatable {
            var policy = "default-src 'none'"
            var reportOnly = ""
        }
        var hsts = "max-age=31536000"
        var framePolicy: String?
        var csp = CSP()
    }

    struct RateLimit: Codable, Sendable, Equatable {
        var limit = Rate(60, per: .minute)
        var burst: Int?
        var key = KeySource(.clientIP)
        var exempt: [CIDR] = []
    }

    struct Headers: Codable, Sendable, Equatable {
        struct Change: Codable, Sendable, Equatable {
            var set: [String: String] = [:]
            var add: [String: String] = [:]
            var remove: [String] = []
        }
        var request = Change()
        var response = Change()
    }

    struct ServerTiming: Codable, Sendable, Equatable {}

    static let all = [
        MiddlewareDescription("request_id", onByDefault: true, defaults: RequestID()),
        MiddlewareDescription("access_log", onByDefault: true, defaults: AccessLog()),
        MiddlewareDescription("timeout", onByDefault: true, defaults: Timeout()),
        MiddlewareDescription("security_headers", onByDefault: true, defaults: SecurityHeaders()),
        MiddlewareDescription("rate_limit", onByDefault: false, defaults: RateLimit()),
        MiddlewareDescription("headers", onByDefault: false, defaults: Headers()),
        MiddlewareDescription("server_timing", onByDefault: false, defaults: ServerTiming()),
    ]
}

extension GatewayConfiguration {
    init(_ toml: String, environment: [String: String] = [:]) throws(ConfigurationErrors) {
        try self.init(toml: toml, environment: environment, middlewares: MiddlewareFixtures.all)
    }
}
