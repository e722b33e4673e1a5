import GatewayCore
import GatewayHTTP
public import GatewaySettings

extension CORSMiddleware {
    public struct Config: Codable, Sendable {
        /// Origins whose pages may use the route: `https://app.example.com`, `https://*.example.com` (any subdomain, not the domain itself), `http://localhost:*` (any port), `*` (any origin), or `null` (sandboxed frames and local files of any site).
        public var origins: [String] = []
        /// Methods that pages may use, in addition to GET, HEAD and POST, which browsers always allow. Case matters.
        public var methods: [String] = ["GET", "POST"]
        /// Request fields that pages may send. `*` allows all but `Authorization`, which must be named.
        public var headers: [String] = ["Content-Type", "Authorization"]
        /// Response fields that pages may read. `"auto"`: the limit fields, `Retry-After`, the request ID and `ETag`, if the route can send them.
        public var expose = ExposedFields.auto
        /// Whether pages may send cookies and client certificates.
        public var credentials = false
        /// Whether pages of public sites may use the route on a private network.
        public var privateNetwork = false
        /// How long browsers remember the answer to a preflight, at most 24 h.
        public var maxAge = TimeSpan.minutes(10)

        public init() {}
    }
}

extension CORSMiddleware.Config {
    /// Returns the names of the fields that pages may read.
    func exposedFields(in context: BuildContext) -> [String] {
        if case .list(let names) = self.expose { return names }
        var names: [String] = []
        let limit = context.settings(of: RateLimitMiddleware.name, as: RateLimitMiddleware.Config.self)
        if let limit, limit.mode == .enforce {
            if limit.headers.hasIETF { names += ["RateLimit", "RateLimit-Policy"] }
            if limit.headers.hasLegacy {
                names += ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
            }
        }
        names.append("Retry-After")
        if let id = context.settings(of: RequestIDMiddleware.name, as: RequestIDMiddleware.Config.self) {
            names += [id.header] + id.aliases
        }
        names.append("ETag")
        return names
    }

    // MARK: Checks

    /// Checks the settings. Reports errors and warnings with suggestions.
    func check(in context: inout BuildContext) {
        self.checkOrigins(in: &context)
        self.checkMethods(in: &context)
        for (index, name) in self.headers.enumerated() { self.check(header: name, index, in: &context) }
        self.checkExposed(in: &context)
        self.checkHeaders(in: &context)
        if self.maxAge > .hours(24) {
            context.fail(
                "\(self.maxAge.settingValue.quoted) is longer than any browser remembers a preflight",
                suggestion: "write \"24h\" or less",
                at: "max_age"
            )
        }
    }

    private func checkOrigins(in context: inout BuildContext) {
        if self.origins.isEmpty {
            context.warn(
                .noEffect,
                "no origin is listed, so pages of other origins cannot use this route",
                suggestion: "add origins = [\"https://app.example.com\"]"
            )
        }
        for (index, origin) in self.origins.enumerated() {
            guard let pattern = OriginPattern.checked(origin, at: index, in: &context) else { continue }
            if pattern.isAny {
                if self.credentials {
                    context.fail(
                        "with credentials, \"*\" would let any site act for your users",
                        suggestion: "write \"https://app.example.com\", or set credentials = false",
                        at: "origins",
                        String(index)
                    )
                } else if self.origins.count > 1 {
                    context.warn(
                        .noEffect,
                        "\"*\" includes all other origins of the list",
                        suggestion: "write origins = [\"*\"], or remove \"*\"",
                        at: "origins",
                        String(index)
                    )
                }
            } else if origin == "null", self.credentials {
                context.warn(
                    .corsAnyOrigin,
                    "any site can make requests whose origin is \"null\", here with the credentials of its visitors",
                    suggestion: "remove it, or write credentials = false",
                    at: "origins",
                    String(index)
                )
            } else if let parent = pattern.parentHost, !parent.contains(".") {
                context.warn(
                    .corsAnyOrigin,
                    "\(JSONText.quoted(origin)) includes every site below .\(parent)",
                    suggestion: "write \"https://*.example.\(parent)\"",
                    at: "origins",
                    String(index)
                )
            }
        }
    }

    private func checkMethods(in context: inout BuildContext) {
        for (index, method) in self.methods.enumerated() {
            let upper = method.uppercased()
            if method == "*" {
                context.fail(
                    "\"*\" is not a method",
                    suggestion: "write \"GET\", \"POST\", \"PUT\", \"PATCH\", \"DELETE\"",
                    at: "methods",
                    String(index)
                )
            } else if !ByteClass.isToken(method.utf8) {
                context.fail(
                    "\(JSONText.quoted(method)) is not a method",
                    suggestion: "write \"GET\", or another method",
                    at: "methods",
                    String(index)
                )
            } else if ["CONNECT", "TRACE", "TRACK"].contains(upper) {
                context.fail(
                    "browsers never send \(upper)",
                    suggestion: "remove it",
                    at: "methods",
                    String(index)
                )
            } else if method != upper, Self.methods.contains(upper) {
                context.fail(
                    "methods are case-sensitive, and browsers send \"\(upper)\"",
                    suggestion: "write \"\(upper)\"",
                    at: "methods",
                    String(index)
                )
            } else if !Self.methods.contains(method) {
                context.warn(
                    "\(JSONText.quoted(method)) is not a registered method",
                    suggestion: NearestName.of(method, among: Self.methods).map { "write \"\($0)\"" }
                        ?? "check its spelling",
                    at: "methods",
                    String(index)
                )
            }
        }
    }

    private func check(header name: String, _ index: Int, in context: inout BuildContext) {
        guard name != "*" else { return }
        guard ByteClass.isToken(name.utf8) else {
            return context.fail(
                "\(JSONText.quoted(name)) is not a header name",
                suggestion: ConfigurationValidator.headerSuggestion(name),
                at: "headers",
                String(index)
            )
        }
        let lowercased = name.lowercased()
        if lowercased == "cookie" {
            context.warn(
                .noEffect,
                "pages cannot set Cookie; browsers send cookies if the page asks for credentials",
                suggestion: "remove it, and write credentials = true if cookies are meant",
                at: "headers",
                String(index)
            )
        } else if Self.forbidden.contains(lowercased) || lowercased.hasPrefix("sec-") || lowercased.hasPrefix("proxy-")
        {
            context.warn(.noEffect, "pages cannot set \(name)", suggestion: "remove it", at: "headers", String(index))
        }
    }

    private func checkExposed(in context: inout BuildContext) {
        guard case .list(let names) = self.expose else { return }
        for (index, name) in names.enumerated() {
            if !ByteClass.isToken(name.utf8) {
                context.fail(
                    "\(JSONText.quoted(name)) is not a header name",
                    suggestion: ConfigurationValidator.headerSuggestion(name),
                    at: "expose",
                    String(index)
                )
            } else if name == "*", self.credentials {
                context.fail(
                    "with credentials, browsers read \"*\" as the name of a field",
                    suggestion: "remove it, and list the fields",
                    at: "expose",
                    String(index)
                )
            } else if ["set-cookie", "set-cookie2"].contains(name.lowercased()) {
                context.warn(
                    .noEffect,
                    "pages can never read \(name)",
                    suggestion: "remove it",
                    at: "expose",
                    String(index)
                )
            }
        }
    }

    /// Fields that `headers` writes are dropped as those of the upstream are.
    private func checkHeaders(in context: inout BuildContext) {
        let headers = context.settings(of: HeadersMiddleware.name, as: HeadersMiddleware.Config.self)
        guard let changes = headers?.response else { return }
        let names = (Array(changes.set.keys) + changes.add.keys).filter {
            $0.lowercased().hasPrefix("access-control-")
        }
        guard let name = names.min() else { return }
        context.warn(
            .noEffect,
            "headers.response writes \(name), which cors drops: only cors decides on this route",
            suggestion: "remove it from headers.response"
        )
    }

    /// The methods that a page may use of those in the registry of RFC 9110 section 16.1.
    private static let methods = [
        "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "DELETE", "GET", "HEAD", "LABEL", "LINK",
        "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "OPTIONS",
        "ORDERPATCH", "PATCH", "POST", "PRI", "PROPFIND", "PROPPATCH", "PURGE", "PUT", "QUERY", "REBIND", "REPORT",
        "SEARCH", "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
    ]

    /// Fields that only browsers set (forbidden request-headers, section 2.2.2 of the Fetch standard).
    private static let forbidden: Set<String> = [
        "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method",
        "connection", "content-length", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin", "referer",
        "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via",
    ]
}
