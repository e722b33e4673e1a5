import GatewayAdmin
import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
package import GatewaySettings
import NIOCore

/// What happens to a request: which route matches it and why the others do not, the chain it passes, and where it goes.
/// Nothing is sent.
package struct RequestExplanation: Sendable {
    package enum Verdict: Sendable, Hashable {
        /// By its place among the routes.
        case route(Int)
        /// `admin.expose` serves this path beside the routes.
        case admin
        /// Browsers' reports on a content security policy are taken there.
        case reports
        /// The status and why, with the methods of `Allow` where another one would do.
        case refused(status: Int, reason: String, allow: String?)
    }

    /// A route that does not take it.
    package struct Rejection: Sendable, Hashable {
        package let route: String
        package let reason: String
    }

    /// Where the request goes.
    package struct Destination: Sendable, Hashable {
        package let name: String
        /// The first target, with the path that the route makes of the request's.
        package let url: String
        /// Further targets that may get it as well.
        package let otherTargets: [String]
    }

    package let request: ExplainedRequest
    /// The peer, or whom a chain of trusted proxies names.
    package let clientIP: String
    package let verdict: Verdict
    /// In the order of the configuration.
    package let rejected: [Rejection]
    /// In the order of the chain.
    package let middlewares: [EffectiveMiddleware]
    /// nil where no upstream is asked.
    package let upstream: Destination?
    /// What the chain does with it; nil where no route matches.
    package let outcome: RequestOutcome?
    /// The route that matches.
    package let route: RouteConfiguration?
    /// Where in the file that is said.
    package let position: SourcePosition?

    /// - Throws: mistakes in the configuration.
    package init(
        _ request: ExplainedRequest,
        configuration: GatewayConfiguration,
        middlewares: [MiddlewareDescription] = .standard
    ) throws(ConfigurationErrors) {
        let configuration = try configuration.validated(middlewares: middlewares)
        self.request = request
        self.clientIP = Self.clientIP(of: request, trusted: configuration.server.trustedProxies)
        var resolver = MiddlewareResolver(configuration, middlewares: middlewares)

        let path: [UInt8]
        do throws(GatewayError) {
            path = try Self.routedPath(of: request)
        } catch {
            self.verdict = .refused(error)
            self.rejected = []
            self.middlewares = resolver.withoutRoute()
            self.upstream = nil
            self.outcome = nil
            self.route = nil
            self.position = nil
            return
        }

        let router = try Self.router(for: configuration, reports: CSPReportRoutes.all(in: configuration, &resolver))
        var captures = PathCaptures()
        let result = request.withView(path: path) { router.route($0, captures: &captures) }
        self.rejected = RouteRejection.reasons(for: request, path, router, configuration)
        if Self.isExposed(request, path, configuration) {
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
            self.upstream = try Destination(of: request, path, captures, route, index, configuration)
            self.outcome = RequestOutcome(
                of: request,
                from: self.clientIP,
                route: route.name,
                self.middlewares,
                configuration
            )
        } else {
            self.route = nil
            self.position =
                self.verdict == .admin ? configuration.document.position(of: SettingPath("admin", "expose")) : nil
            self.middlewares = resolver.withoutRoute()
            self.upstream = nil
            self.outcome = nil
        }
    }

    /// What metrics and logs call the route; nil where none takes it.
    package var routeName: String? {
        switch self.verdict {
        case .admin: MetricLabel.adminRoute
        case .reports: MetricLabel.reportsRoute
        case .route, .refused: self.route?.name
        }
    }

    /// The status of the gateway's refusal.
    package var status: Int? {
        if case .refused(let status, _, _) = self.verdict { status } else { nil }
    }

    /// - Throws: that no route is asked, with the answer instead.
    private static func routedPath(of request: ExplainedRequest) throws(GatewayError) -> [UInt8] {
        switch request.method {
        case "CONNECT", "TRACE":
            var error = GatewayError(.methodNotAllowed)
            error.allow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
            throw error
        case "OPTIONS" where request.rawPath == [UInt8(ascii: "*")]: throw GatewayError(.notFound)
        default: return try request.normalizedPath()
        }
    }

    /// The routes of the configuration by their places, and behind them those that take browsers' reports.
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

    /// Whether encoded slashes in the path lead elsewhere when they are decoded.
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
    /// nil where the route answers by itself.
    fileprivate init?(
        of request: ExplainedRequest,
        _ path: [UInt8],
        _ captures: PathCaptures,
        _ route: RouteConfiguration,
        _ index: Int,
        _ configuration: GatewayConfiguration
    ) throws(ConfigurationErrors) {
        guard let name = route.upstream, let upstream = configuration.upstreams[name] else { return nil }
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
        let target = String(buffer: buffer)
        var urls = upstream.targets.map { Self.url($0.url, target) }
        if let builtin = upstream.builtin { urls = ["builtin:\(builtin.rawValue)\(target)"] }
        self.name = name
        self.url = urls.first ?? target
        self.otherTargets = Array(urls.dropFirst())
    }

    private static func url(_ target: TargetURL, _ path: String) -> String {
        switch target {
        case .http: "\(target)\(path)"
        // As other proxies write a path behind a socket's.
        case .unix(let socket): "http://unix:\(socket):\(path)"
        }
    }
}

extension RoutePlan.Forwarding {
    /// - Throws: what is wrong with the route's templates.
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
