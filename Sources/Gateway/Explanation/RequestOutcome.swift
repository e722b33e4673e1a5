import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
import GatewaySettings

/// What the chain of a route does with a request: the rejection, the limits that count the request, and its timeouts.
/// Limits are listed even if they only reject the request depending on other traffic.
package struct RequestOutcome: Sendable, Hashable {
    /// A rejection of the request.
    package struct Refusal: Sendable, Hashable {
        package let status: Int
        /// The table whose settings cause the rejection: `ip`, `limits`, `server.limits`.
        package let by: String
        package let reason: String
        /// `default`, or the position in the file.
        package let source: String
    }

    /// A rate limit or a limit on requests in flight.
    package struct Limit: Sendable, Hashable {
        /// `rate_limit` or `concurrency`.
        package let by: String
        /// The limit, such as `60/minute` or `200 in flight`.
        package let limit: String
        /// The key whose requests share the count.
        package let key: String
        /// Why the limit does not apply, or how it differs: `exempt`, `shadow mode`. May be empty.
        package let note: String
        package let source: String
    }

    /// The answer to a CORS preflight: 204 unless it is refused.
    struct Preflight {
        let refusal: Refusal?
    }

    /// Whether the `cors` middleware answers the request with 204, because it is a preflight.
    package let isPreflight: Bool
    /// The first rejection in chain order.
    package let refusal: Refusal?
    package let limits: [Limit]
    /// Timeouts by their keys in `[middleware.timeout]`. Empty if the middleware is off.
    package let timeouts: [(name: String, limit: String)]

    package static func == (a: RequestOutcome, b: RequestOutcome) -> Bool {
        a.refusal == b.refusal && a.isPreflight == b.isPreflight
            && a.limits == b.limits && a.timeouts.elementsEqual(b.timeouts, by: ==)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(refusal)
        hasher.combine(limits)
    }

    /// Determines the outcome of a request.
    ///
    /// - Parameters:
    ///   - client: The client address that limits use.
    ///   - middlewares: The middlewares in chain order.
    init(
        of request: ExplainedRequest,
        from client: String,
        route: String,
        _ middlewares: [EffectiveMiddleware],
        _ configuration: GatewayConfiguration
    ) {
        var refusal = Self.refusal(of: request, by: configuration)
        var limits: [Limit] = []
        var timeouts: [(name: String, limit: String)] = []
        for middleware in middlewares where middleware.isEnabled {
            switch middleware.name {
            case IPMiddleware.name:
                refusal = refusal ?? Self.refusal(ofClient: client, by: middleware)
            case "limits":
                refusal = refusal ?? Self.refusal(ofBodyOf: request, by: middleware)
            case "rate_limit":
                let plans = configuration.plans
                if let limit = Self.rateLimit(middleware, plans, of: request, from: client, route: route) {
                    limits.append(limit)
                }
            case "concurrency":
                guard let config = try? middleware.decode(ConcurrencyMiddleware.Config.self) else { break }
                limits.append(
                    Limit(
                        by: middleware.name,
                        limit: "\(config.maxInFlight) in flight",
                        key: "route \(route)",
                        note: config.adaptive ? "adaptive, at most that many" : "",
                        source: Self.source(of: "max_in_flight", in: middleware)
                    )
                )
            case TimeoutMiddleware.name:
                guard let config = try? middleware.decode(TimeoutMiddleware.Config.self) else { break }
                timeouts = [
                    ("connect", "\(config.connect)"), ("first_byte", "\(config.firstByte)"), ("idle", "\(config.idle)"),
                    ("total", config.total.span.map { "\($0)" } ?? "off"),
                ]
            default: break
            }
        }
        self.refusal = refusal
        self.isPreflight = false
        self.limits = limits
        self.timeouts = timeouts
    }

    /// Determines the outcome of a preflight, which no limit counts.
    init(of request: ExplainedRequest, _ answer: Preflight, _ configuration: GatewayConfiguration) {
        self.refusal = Self.refusal(of: request, by: configuration) ?? answer.refusal
        self.isPreflight = self.refusal == nil
        self.limits = []
        self.timeouts = []
    }

    // MARK: Refusals

    /// Returns the rejection by the listener, which checks its limits before any middleware runs.
    private static func refusal(of request: ExplainedRequest, by configuration: GatewayConfiguration) -> Refusal? {
        let limits = configuration.server.limits
        func refusal(_ status: Int, _ key: String, _ reason: String) -> Refusal {
            let path = SettingPath("server", "limits", key)
            let node = configuration.document.root?.node(at: path)
            return Refusal(
                status: status,
                by: "server.limits",
                reason: reason,
                source: "\(node?.source ?? .default)"
            )
        }
        // The 12 bytes are two spaces, the version and CRLF.
        let line = request.method.utf8.count + request.rawPath.count + (request.query.map { $0.count + 1 } ?? 0) + 12
        if line > limits.requestLine.bytes {
            return refusal(414, "request_line", "the request line is over \(limits.requestLine)")
        }
        let bytes = request.fields.reduce(0) { $0 + $1.name.bytes.count + $1.value.count + 4 }
        if bytes > limits.headers.bytes {
            return refusal(431, "headers", "the header fields are over \(limits.headers)")
        }
        if request.fields.count > limits.headerCount {
            return refusal(431, "header_count", "there are more header fields than \(limits.headerCount)")
        }
        return nil
    }

    private static func refusal(ofClient client: String, by middleware: EffectiveMiddleware) -> Refusal? {
        guard let config = try? middleware.decode(IPMiddleware.Config.self) else { return nil }
        func refusal(_ key: String, _ reason: String) -> Refusal {
            Refusal(status: 403, by: middleware.name, reason: reason, source: source(of: key, in: middleware))
        }
        guard let address = IPAddress(client) else {
            return config.allow.isEmpty ? nil : refusal("allow", "the client has no address")
        }
        if let rule = config.deny.first(where: { $0.contains(address) }) {
            return refusal("deny", "\(client) is in deny, by \(rule.settingValue.quoted)")
        }
        if config.allow.isEmpty || config.allow.contains(where: { $0.contains(address) }) { return nil }
        return refusal("allow", "\(client) is not in allow")
    }

    private static func refusal(ofBodyOf request: ExplainedRequest, by middleware: EffectiveMiddleware) -> Refusal? {
        guard let config = try? middleware.decode(LimitsMiddleware.Config.self),
            let length = request.value(of: "content-length").flatMap({ Int(digits: $0) }), length > config.body.bytes
        else { return nil }
        return Refusal(
            status: 413,
            by: middleware.name,
            reason: "the body of \(Plural.of(length, "byte")) is over \(config.body)",
            source: source(of: "body", in: middleware)
        )
    }

    // MARK: Limits

    private static func rateLimit(
        _ middleware: EffectiveMiddleware,
        _ plans: [String: PlanConfiguration],
        of request: ExplainedRequest,
        from client: String,
        route: String
    ) -> Limit? {
        guard let config = try? middleware.decode(RateLimitMiddleware.Config.self) else { return nil }
        let address = IPAddress(client)
        let isExempt = address.map { address in config.exempt.contains { $0.contains(address) } } ?? false
        var notes: [String] = []
        if isExempt { notes.append("exempt") }
        if config.mode == .shadow { notes.append("shadow mode") }
        if config.cost != 1 { notes.append("costs \(config.cost)") }
        let key: String
        let limit: String
        switch config.limit {
        case .rates(let rates):
            let parts = config.key.parts.map { Self.text($0, of: request, address, config.ipv6Prefix, client: client) }
            let shared = config.scope == .policy ? middleware.policy.map { "policy \($0)" } : nil
            key = "\(parts.joined(separator: ", ")) on \(shared ?? "route \(route)")"
            limit = Self.text(rates)
        case .plan:
            let caller = Self.text(.consumer, of: request, address, config.ipv6Prefix, client: client)
            key = "\(caller), on all routes with limit = \"plan\""
            limit = plans.sorted { $0.key < $1.key }.map(Self.text).joined(separator: "; ")
        }
        return Limit(
            by: middleware.name,
            limit: limit,
            key: key,
            note: notes.joined(separator: ", "),
            source: source(of: "limit", in: middleware)
        )
    }

    private static func text(_ rates: Rates) -> String {
        rates.rates.map { "\($0)" }.joined(separator: ", ")
    }

    private static func text(_ name: String, _ plan: PlanConfiguration) -> String {
        let inFlight = plan.maxInFlight > 0 ? "\(plan.maxInFlight) in flight" : nil
        let limits = [plan.rateLimit.map(Self.text), inFlight].compactMap { $0 }
        return "plan \(name): \(limits.isEmpty ? "no limit" : limits.joined(separator: ", "))"
    }

    /// Describes one part of the key for this request. Values that may be credentials are not shown.
    private static func text(
        _ part: KeySource.Part,
        of request: ExplainedRequest,
        _ address: IPAddress?,
        _ prefix: Int,
        client: String
    ) -> String {
        let network = address.map { $0.isIPv6 ? "\(client)/\(prefix)" : client } ?? client
        switch part {
        case .clientIP: return "client_ip \(network)"
        case .header(let name):
            let value = request.value(of: name)
            return value == nil ? "client_ip \(network), since header \(name) is missing" : "header \(name)"
        case .cookie(let name):
            let cookies = request.value(of: "cookie")?.split(separator: ";") ?? []
            let isThere = cookies.contains { $0.drop { $0 == " " }.hasPrefix(name + "=") }
            return isThere ? "cookie \(name)" : "client_ip \(network), since cookie \(name) is missing"
        case .clientCertificateSubject: return "client_cert.subject"
        case .consumer: return "the consumer, else client_ip \(network)"
        case .apiKey: return "the consumer of the API key, else client_ip \(network)"
        case .claim(let name): return "the claim \(name), else client_ip \(network)"
        case .route: return "the route"
        case .global: return "all clients"
        }
    }

    private static func source(of key: String, in middleware: EffectiveMiddleware) -> String {
        "\(middleware.settings.nearest(to: SettingPath(key)).source)"
    }
}

extension ExplainedRequest {
    /// Returns the value of the first field with this name.
    fileprivate func value(of name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { String(decoding: $0.name.bytes, as: UTF8.self).lowercased() == wanted }
            .map { String(decoding: $0.value, as: UTF8.self) }
    }
}
