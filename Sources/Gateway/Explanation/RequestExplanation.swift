import GatewayAdmin
import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
package import GatewaySettings
import NIOCore

/// Explains how the gateway handles a request: which route matches and why the others do not, the middleware chain, and
/// the upstream. Sends nothing.
package struct RequestExplanation: Sendable {
    package enum Verdict: Sendable, Hashable {
        /// The index of the matching route.
        case route(Int)
        /// An admin endpoint that `admin.expose` makes available serves the path.
        case admin
        /// No route matches, and the `cors` middleware for such requests answers the preflight.
        case preflight
        /// The path receives Content Security Policy violation reports from browsers.
        case reports
        /// The client is sent to the same URL on https.
        case redirected(to: String)
        /// The connection fails, so no request is made.
        case unreachable(reason: String)
        /// The gateway rejects the request. `allow` lists the allowed methods if the method is the problem.
        case refused(status: Int, reason: String, allow: String?)
    }

    /// A route that does not match the request.
    package struct Rejection: Sendable, Hashable {
        package let route: String
        package let reason: String
    }

    /// The upstream that receives the request.
    package struct Destination: Sendable, Hashable {
        package let name: String
        /// Its share of the route's requests, relative to those of the other upstreams; nil if the route has one upstream.
        package let share: Int?
        /// The URL on the first target, with the path that the route forwards.
        package let url: String
        /// The URLs on the other targets.
        package let otherTargets: [String]
    }

    package let request: ExplainedRequest
    /// The peer's address, or the client address that trusted proxies report.
    package let clientIP: String
    /// How the client reaches the gateway; nil if neither the URL nor the configuration concerns TLS.
    package let connection: ConnectionExplanation?
    package let verdict: Verdict
    /// In configuration order.
    package let rejected: [Rejection]
    /// In chain order.
    package let middlewares: [EffectiveMiddleware]
    /// The upstreams that may receive the request: several if the route splits its requests, none if it goes to no
    /// upstream.
    package let upstreams: [Destination]
    /// What the chain does with the request; nil if no route matches.
    package let outcome: RequestOutcome?
    /// The matching route.
    package let route: RouteConfiguration?
    /// The position in the file of the route or of `admin.expose`.
    package let position: SourcePosition?

    /// Explains a request.
    ///
    /// - Throws: ``ConfigurationErrors`` if the configuration is invalid.
    package init(
        _ request: ExplainedRequest,
        configuration: GatewayConfiguration,
        middlewares: [MiddlewareDescription] = .standard
    ) throws(ConfigurationErrors) {
        let configuration = try configuration.validated(middlewares: middlewares)
        self.request = request
        self.clientIP = Self.clientIP(of: request, trusted: configuration.server.trustedProxies)
        let connection = ConnectionExplanation(request, configuration: configuration)
        self.connection = connection
        var resolver = MiddlewareResolver(configuration, middlewares: middlewares)

        let path: [UInt8]
        do throws(EarlyVerdict) {
            path = try Self.routedPath(of: request, over: connection, configuration)
        } catch {
            self.verdict = error.verdict
            self.rejected = []
            self.middlewares = resolver.withoutRoute()
            self.upstreams = []
            self.outcome = nil
            self.route = nil
            self.position = nil
            return
        }

        let router = try Self.router(for: configuration, reports: CSPReportRoutes.all(in: configuration, &resolver))
        var captures = PathCaptures()
        let result = request.withView(path: path) { router.route($0, captures: &captures) }
        let isExposed = Self.isExposed(request, path, configuration)
        let preflight =
            isExposed
            ? nil
            : PreflightExplanation(request, path, router) { route in
                guard let route, configuration.routes.indices.contains(route) else { return resolver.withoutRoute() }
                return resolver.settings(for: configuration.routes[route])
            }
        self.rejected = RouteRejection.reasons(
            preflight?.rejections ?? request.withView(path: path) { router.explain($0) },
            configuration
        )
        if let preflight {
            self.verdict = preflight.route.map { .route($0) } ?? .preflight
        } else if isExposed {
            self.verdict = .admin
        } else if try Self.isAmbiguous(request, path, captures, router, configuration) {
            self.verdict = .refused(.ambiguousPath)
        } else {
            switch result {
            case .found(let index, _):
                self.verdict = configuration.routes.indices.contains(index) ? .route(index) : .reports
            case .methodNotAllowed(let allow):
                var error = GatewayError(.methodNotAllowed)
                error.allow = allow
                self.verdict = .refused(error)
            case .notFound: self.verdict = .refused(GatewayError(.notFound))
            }
        }
        if case .route(let index) = self.verdict {
            let route = configuration.routes[index]
            self.route = route
            self.position = route.source.position
            self.middlewares = resolver.settings(for: route)
            self.upstreams =
                preflight == nil
                ? try Destination.all(of: request, path, captures, route, index, configuration) : []
            self.outcome =
                if let preflight {
                    RequestOutcome(of: request, preflight.answer, configuration)
                } else {
                    RequestOutcome(
                        of: request,
                        from: self.clientIP,
                        route: route.name,
                        self.middlewares,
                        configuration
                    )
                }
        } else {
            self.route = nil
            self.position =
                self.verdict == .admin ? configuration.document.position(of: SettingPath("admin", "expose")) : nil
            self.middlewares = resolver.withoutRoute()
            self.upstreams = []
            self.outcome = preflight.map { RequestOutcome(of: request, $0.answer, configuration) }
        }
    }

    /// The upstream that receives the request, or the one with the largest share of the route's requests.
    package var upstream: Destination? { self.upstreams.first }

    /// The route label in metrics and logs; nil if no route matches.
    package var routeName: String? {
        switch self.verdict {
        case .admin: MetricLabel.adminRoute
        case .reports: MetricLabel.reportsRoute
        case .route, .preflight, .redirected, .unreachable, .refused: self.route?.name
        }
    }

    /// The status of the response, if the gateway answers instead of routing the request.
    package var status: Int? {
        switch self.verdict {
        case .refused(let status, _, _): status
        case .redirected: 308
        case .route, .admin, .preflight, .reports, .unreachable: nil
        }
    }

    /// What becomes of a request that is not routed.
    private struct EarlyVerdict: Error {
        let verdict: Verdict
    }

    /// Returns the path to route.
    private static func routedPath(
        of request: ExplainedRequest,
        over connection: ConnectionExplanation?,
        _ configuration: GatewayConfiguration
    ) throws(EarlyVerdict) -> [UInt8] {
        if case .failed(let reason)? = connection?.outcome { throw EarlyVerdict(verdict: .unreachable(reason: reason)) }
        let path: [UInt8]
        do throws(GatewayError) {
            path = try self.routedPath(of: request)
            if let misdirection = connection?.misdirection { throw misdirection }
        } catch {
            throw EarlyVerdict(verdict: .refused(error))
        }
        let isPlain = connection?.outcome == .plain && !self.isReportedSecure(request, configuration)
        let isHealth = path.starts(with: "/health".utf8) && self.isExposed(request, path, configuration)
        guard configuration.server.httpsRedirect, isPlain, !isHealth else { return path }
        throw EarlyVerdict(verdict: .redirected(to: request.urlOnHTTPS(configuration.server.httpsPort)))
    }

    /// Whether a trusted proxy says that the client used https.
    private static func isReportedSecure(_ request: ExplainedRequest, _ configuration: GatewayConfiguration) -> Bool {
        TrustedProxies(configuration.server.trustedProxies).contains(ClientAddress(request.peer))
            && request.fields.contains { $0.name.id == .xForwardedProto && $0.value.elementsEqual("https".utf8) }
    }

    /// Returns the path to route.
    ///
    /// - Throws: The error response for requests that are rejected before routing.
    private static func routedPath(of request: ExplainedRequest) throws(GatewayError) -> [UInt8] {
        try request.checkFields()
        switch request.method {
        case "CONNECT", "TRACE":
            var error = GatewayError(.methodNotAllowed)
            error.allow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
            throw error
        case "OPTIONS" where request.rawPath == [UInt8(ascii: "*")]: throw GatewayError(.notFound)
        default: return try request.normalizedPath()
        }
    }

    /// Returns a router for the configured routes, by index, followed by the routes that receive browser reports.
    private static func router(
        for configuration: GatewayConfiguration,
        reports: [RouteMatch]
    ) throws(ConfigurationErrors) -> Router<Int> {
        let count = configuration.routes.count
        do throws(InvalidRoutes) {
            return try Router(
                routes: (configuration.routes.map { RouteMatch($0) } + reports).enumerated().map {
                    ($0.element, $0.offset)
                }
            )
        } catch {
            let errors = error.problems.filter { $0.route < count }.map { problem in
                ConfigurationError(
                    problem.message,
                    key: "routes[\(problem.route)].\(problem.key)",
                    at: configuration.routes[problem.route].source.position
                )
            }
            throw ConfigurationErrors(configuration.document.redacted(errors))
        }
    }

    private static func isExposed(
        _ request: ExplainedRequest,
        _ path: [UInt8],
        _ configuration: GatewayConfiguration
    ) -> Bool {
        let path = String(decoding: path, as: UTF8.self)
        let paths = configuration.admin.expose.flatMap(AdminEndpoints.paths(exposedAs:))
        return ["GET", "HEAD"].contains(request.method)
            && paths.contains { AdminEndpoints.parameters(of: path, under: $0) != nil }
    }

    /// Whether decoding the encoded slashes in the path would select a different route.
    private static func isAmbiguous(
        _ request: ExplainedRequest,
        _ path: [UInt8],
        _ captures: PathCaptures,
        _ router: Router<Int>,
        _ configuration: GatewayConfiguration
    ) throws(ConfigurationErrors) -> Bool {
        guard path.withUnsafeBytes(EncodedSlashes.arePresent(in:)) else { return false }
        func choice(_ path: [UInt8]) -> RouteChoice {
            if self.isExposed(request, path, configuration) { return .exposed }
            return request.withView(path: path) { router.choice(for: $0) }
        }
        if case .route(let index) = choice(path), configuration.routes.indices.contains(index) {
            let forwarding = try RoutePlan.Forwarding(configuration.routes[index], at: index, in: configuration)
            if path.withUnsafeBytes({ forwarding.isLeft(by: $0, captures) }) { return true }
        }
        return !path.withUnsafeBytes { path in
            EncodedSlashes.agree(in: path, captures) { choice(Array($0)) }
        }
    }

    private static func clientIP(of request: ExplainedRequest, trusted: [TrustedProxy]) -> String {
        let proxies = TrustedProxies(trusted)
        var client = ClientAddress(request.peer)
        if proxies.contains(client) {
            var headers = HeaderBlock()
            for field in request.fields { headers.add(field.name, field.value) }
            client = proxies.clientNamed(by: headers) ?? client
        }
        return String(decoding: client.text, as: UTF8.self)
    }
}

extension RequestExplanation.Verdict {
    fileprivate static func refused(_ error: GatewayError) -> Self {
        .refused(status: error.status, reason: error.detail ?? error.code.detail, allow: error.allow)
    }
}

extension RequestExplanation.Destination {
    /// Returns the upstreams of a route, the one with the largest share first.
    fileprivate static func all(
        of request: ExplainedRequest,
        _ path: [UInt8],
        _ captures: PathCaptures,
        _ route: RouteConfiguration,
        _ index: Int,
        _ configuration: GatewayConfiguration
    ) throws(ConfigurationErrors) -> [Self] {
        guard let sides = route.upstream?.sides else { return [] }
        let target = try self.target(of: request, path, captures, route, index, configuration)
        return sides.compactMap { name, share in
            configuration.upstreams[name].map { Self(name, share: share, $0, target) }
        }
    }

    /// Returns the path and query that a route sends upstream.
    private static func target(
        of request: ExplainedRequest,
        _ path: [UInt8],
        _ captures: PathCaptures,
        _ route: RouteConfiguration,
        _ index: Int,
        _ configuration: GatewayConfiguration
    ) throws(ConfigurationErrors) -> String {
        let forwarding = try RoutePlan.Forwarding(route, at: index, in: configuration)
        var buffer = ByteBuffer()
        let sent = forwarding.sendsOriginalPath ? request.rawPath : path
        if let rewrite = forwarding.rewrite {
            path.withUnsafeBytes { rewrite.write(into: &buffer, path: $0, captures: captures) }
        } else {
            sent.withUnsafeBytes { forwarding.stripPrefix.write(into: &buffer, path: $0) }
        }
        if let query = request.query {
            buffer.writeInteger(UInt8(ascii: "?"))
            buffer.writeBytes(query)
        }
        return String(buffer: buffer)
    }

    private init(_ name: String, share: Int?, _ upstream: UpstreamConfiguration, _ target: String) {
        var urls = upstream.targets.map { Self.url($0.url, target) }
        if let builtin = upstream.builtin { urls = ["builtin:\(builtin.rawValue)\(target)"] }
        self.name = name
        self.share = share
        self.url = urls.first ?? target
        self.otherTargets = Array(urls.dropFirst())
    }

    private static func url(_ target: TargetURL, _ path: String) -> String {
        switch target {
        case .http, .https, .h2c: "\(target)\(path)"
        // The notation that other proxies use for a path on a socket.
        case .unix(let socket): "http://unix:\(socket):\(path)"
        }
    }
}

extension RoutePlan.Forwarding {
    /// Creates the forwarding settings of a route.
    ///
    /// - Throws: ``ConfigurationErrors`` if a template of the route is invalid.
    fileprivate init(
        _ route: RouteConfiguration,
        at index: Int,
        in configuration: GatewayConfiguration
    ) throws(ConfigurationErrors) {
        do throws(ConfigurationError) {
            try self.init(route, key: "routes[\(index)]")
        } catch {
            throw ConfigurationErrors(configuration.document.redacted([error]))
        }
    }

    private init(_ route: RouteConfiguration, key: String) throws(ConfigurationError) {
        self.init()
        self.sendsOriginalPath = route.forwardPath == .original
        do throws(RoutePattern.ParseError) {
            self.stripPrefix = try PathPrefix(route.stripPrefix)
        } catch {
            throw ConfigurationError(error.message, key: "\(key).strip_prefix", at: route.source.position)
        }
        guard !route.rewrite.isEmpty, let pattern = try? RoutePattern(route.path) else { return }
        do throws(PathTemplate.ParseError) {
            self.rewrite = try PathTemplate(route.rewrite, for: pattern)
        } catch {
            throw ConfigurationError(error.message, key: "\(key).rewrite", at: route.source.position)
        }
    }
}
