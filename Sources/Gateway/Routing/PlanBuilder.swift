import GatewayHTTP1
import NIOCore

/// Configuration → plans, for one worker. All mistakes that only show here are reported together.
struct PlanBuilder {
    let configuration: GatewayConfiguration
    let middlewares: [MiddlewareRegistration]
    let upstreams: UpstreamRegistry
    let worker: Worker
    /// What answers the admin endpoints that `admin.expose` names.
    let admin: AdminRouter
    private var errors: [ConfigurationError] = []
    private var warnings: [ConfigurationError] = []
    private var resolver: MiddlewareResolver
    /// How many were made.
    private var plans = 0

    init(
        _ configuration: GatewayConfiguration,
        middlewares: [MiddlewareRegistration],
        upstreams: UpstreamRegistry,
        admin: AdminRouter,
        worker: Worker
    ) {
        self.configuration = configuration
        self.middlewares = middlewares
        self.upstreams = upstreams
        self.admin = admin
        self.worker = worker
        self.resolver = MiddlewareResolver(configuration, middlewares: middlewares.map(\.description))
    }

    static func build(
        _ configuration: GatewayConfiguration,
        middlewares: [MiddlewareRegistration],
        upstreams: UpstreamRegistry,
        admin: AdminRouter,
        worker: Worker
    ) throws(ConfigurationErrors) -> RoutingTable {
        var builder = Self(configuration, middlewares: middlewares, upstreams: upstreams, admin: admin, worker: worker)
        return try builder.build()
    }

    /// Builds a configuration only to see what is wrong or unwise in it.
    static func check(
        _ configuration: GatewayConfiguration,
        middlewares: [MiddlewareRegistration],
        upstreams: UpstreamRegistry,
        admin: AdminRouter,
        worker: Worker
    ) -> (errors: [ConfigurationError], warnings: [ConfigurationError]) {
        var builder = Self(configuration, middlewares: middlewares, upstreams: upstreams, admin: admin, worker: worker)
        do throws(ConfigurationErrors) {
            _ = try builder.build()
            return ([], builder.namedWarnings)
        } catch {
            return (error.errors, builder.namedWarnings)
        }
    }

    private mutating func build() throws(ConfigurationErrors) -> RoutingTable {
        let clusters = self.upstreams.makeUpstreams(for: self.worker)
        var routes: [(match: RouteMatch, plan: RoutePlan)] = []
        /// The place in the configuration of each of `routes`.
        var places: [Int] = []
        for (index, route) in self.configuration.routes.enumerated() {
            guard let action = self.action(of: route, at: index, clusters) else { continue }
            routes.append((RouteMatch(route), self.plan(of: route, at: index, action)))
            places.append(index)
        }
        let unrouted = self.makePlan(
            name: Metrics.noRoute,
            settings: self.resolver.withoutRoute(),
            action: .refuse,
            forwarding: RoutePlan.Forwarding()
        )
        let reports = CSPReportRoutes.all(in: self.configuration, &self.resolver)
        if !reports.isEmpty {
            let plan = self.reportPlan()
            routes += reports.map { ($0, plan) }
        }
        var exposed: Router<RoutePlan>?
        var router = Router<RoutePlan>()
        do throws(InvalidRoutes) {
            exposed = try self.exposedRouter()
            router = try Router(routes: routes)
        } catch {
            // What is wrong with the hosts of a report's route is wrong with those that it has them from.
            for problem in error.problems where problem.route < places.count {
                self.report(problem.message, at: places[problem.route], problem.key)
            }
        }
        if !self.errors.isEmpty {
            throw ConfigurationErrors(self.findings(self.errors))
        }
        return RoutingTable(exposed: exposed, router: router, unrouted: unrouted, upstreams: Array(clusters.values))
    }

    private var namedWarnings: [ConfigurationError] {
        self.findings(self.warnings).map { $0.naming(self.configuration.routes) }
    }

    /// In the file's order, each once, without what environment variables gave.
    private func findings(_ findings: [ConfigurationError]) -> [ConfigurationError] {
        self.configuration.document.redacted(ConfigurationErrors(findings).withoutRepetition)
    }

    /// The admin endpoints that `admin.expose` names. Who may use them is decided by `AdminAccess`, so their chain is made
    /// of what observes alone.
    private mutating func exposedRouter() throws(InvalidRoutes) -> Router<RoutePlan>? {
        let paths = Set(self.configuration.admin.expose.flatMap(AdminEndpoint.paths(exposedAs:)))
        if paths.isEmpty { return nil }
        let plan = self.makePlan(
            name: Metrics.adminRoute,
            settings: self.settings(of: Self.observers),
            action: .upstream(AdminUpstream(self.admin, on: .exposed)),
            forwarding: RoutePlan.Forwarding()
        )
        return try Router(routes: paths.sorted().map { (RouteMatch(path: $0, methods: ["GET"]), plan) })
    }

    private static let observers: Set<String> = [
        RequestIDMiddleware.name, MetricsMiddleware.name, AccessLogMiddleware.name,
    ]

    /// Takes browsers' reports. Anybody may send them, so that what limits stands before it.
    private mutating func reportPlan() -> RoutePlan {
        let limiting: Set<String> = [
            TimeoutMiddleware.name, SecurityHeadersMiddleware.name, IPMiddleware.name, "rate_limit", "concurrency",
        ]
        return self.makePlan(
            name: Metrics.reportsRoute,
            settings: self.settings(of: Self.observers.union(limiting)),
            action: .refuse,
            forwarding: RoutePlan.Forwarding()
        ) { context in CSPReportMiddleware(CSPReportMiddleware.Config(), in: &context) }
    }

    /// `[middleware.*]` with none but these switched on.
    private mutating func settings(of names: Set<String>) -> [EffectiveMiddleware] {
        self.resolver.withoutRoute().map { setting in
            EffectiveMiddleware(
                name: setting.name,
                isEnabled: setting.isEnabled && names.contains(setting.name),
                settings: setting.settings
            )
        }
    }

    private mutating func action(
        of route: RouteConfiguration,
        at index: Int,
        _ clusters: [String: any Upstream]
    ) -> RoutePlan.Action? {
        if let respond = route.respond {
            var response = Response(status: respond.status, body: ByteBuffer(string: respond.body))
            let fields = respond.headers.sorted { $0.key < $1.key }
            response.add { for (name, value) in fields { $0.add(HeaderName(name), value.utf8) } }
            if !respond.body.isEmpty, !respond.headers.keys.contains(where: { $0.lowercased() == "content-type" }) {
                response.add(.contentType, "text/plain; charset=utf-8")
            }
            return .respond(response)
        }
        if let redirect = route.redirect {
            do throws(PlaceholderTemplate.ParseError) {
                return .redirect(try PlaceholderTemplate(redirect.to), status: redirect.status)
            } catch {
                self.report("\(error.message): \(error.suggestion)", at: index, "redirect.to")
                return nil
            }
        }
        guard let name = route.upstream, let cluster = clusters[name] else {
            self.report("names no upstream that there is", at: index, "upstream")
            return nil
        }
        return .upstream(cluster)
    }

    private mutating func plan(of route: RouteConfiguration, at index: Int, _ action: RoutePlan.Action) -> RoutePlan {
        var forwarding = RoutePlan.Forwarding()
        forwarding.sendsOriginalPath = route.forwardPath == .original
        forwarding.preservesHost = route.preserveHost != .never
        do throws(RoutePattern.ParseError) {
            if !route.stripPrefix.isEmpty { forwarding.stripPrefix = try PathPrefix(route.stripPrefix) }
        } catch {
            self.report(error.message, at: index, "strip_prefix")
        }
        if !route.rewrite.isEmpty, let pattern = try? RoutePattern(route.path) {
            do throws(PathTemplate.ParseError) {
                forwarding.rewrite = try PathTemplate(route.rewrite, for: pattern)
            } catch {
                self.report(error.message, at: index, "rewrite")
            }
        }
        return self.makePlan(
            name: route.name,
            settings: self.resolver.settings(for: route),
            action: action,
            forwarding: forwarding,
            path: SettingPath("routes") + index
        )
    }

    private mutating func makePlan(
        name: String,
        settings: [EffectiveMiddleware],
        action: RoutePlan.Action,
        forwarding: RoutePlan.Forwarding,
        path: SettingPath = SettingPath(),
        below bottom: ((inout BuildContext) -> any Middleware)? = nil
    ) -> RoutePlan {
        let meters = RouteMeters(
            route: name,
            shard: self.worker.meters,
            isShown: self.plans < RouteMeters.startingRoutes || name == Metrics.noRoute
        )
        self.plans += 1
        let chain = Chain()
        var errors = ErrorFormat()
        var owned = OwnedFields()
        for (place, (registration, setting)) in zip(self.middlewares, settings).enumerated() where setting.isEnabled {
            var context = BuildContext(
                route: name,
                worker: self.worker,
                meters: meters,
                middleware: setting.name,
                settings: setting
            )
            do throws(ConfigurationErrors) {
                chain.append(try registration.build(setting, &context), at: place)
            } catch {
                self.errors += error.errors.map { error in
                    var error = error
                    let keys = error.key.split(separator: ".").dropFirst().map(String.init)
                    error.key = "\(setting.place(of: keys).path(of: path)).\(error.key)"
                    return error
                }
            }
            if let format = context.errors { errors = format }
            owned.own(context.owned)
            self.errors += context.diagnostics.map { setting.error($0, in: path) }
            self.warnings += context.warnings.map { setting.error($0, in: path) }
        }
        if let bottom {
            var context = BuildContext(route: name, worker: self.worker, meters: meters)
            chain.append(bottom(&context), at: self.middlewares.count)
        }
        return RoutePlan(
            name: name,
            chain: chain,
            action: action,
            forwarding: forwarding,
            meters: meters,
            errors: errors,
            owned: owned
        )
    }

    private mutating func report(_ message: String, at route: Int, _ key: String) {
        let path = key.split(separator: ".").reduce(SettingPath("routes") + route) { $0 + String($1) }
        let position =
            self.configuration.document.position(of: path) ?? self.configuration.routes[route].source.position
        self.errors.append(ConfigurationError(message, key: path.description, at: position))
    }
}

extension EffectiveMiddleware {
    /// - Parameter route: the path of the route that the chain is for.
    fileprivate func error(_ diagnostic: BuildContext.Diagnostic, in route: SettingPath) -> ConfigurationError {
        var error = self.error(diagnostic.message, suggestion: diagnostic.suggestion, at: diagnostic.keys)
        error.key = "\(self.place(of: diagnostic.keys).path(of: route)).\(error.key)"
        return error
    }
}

extension RouteMatch {
    init(_ route: RouteConfiguration) {
        self.init(
            hosts: route.hosts,
            path: route.path,
            methods: route.methods,
            headers: route.matchHeaders,
            query: route.matchQuery
        )
    }
}
