import GatewayAdmin
import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
import GatewaySettings
import NIOCore

/// Builds the routing table of one worker from a configuration. Reports all errors that only building reveals together.
struct PlanBuilder {
    let configuration: GatewayConfiguration
    let middlewares: [MiddlewareRegistration]
    /// The index of each middleware's settings.
    private let tables: [Int]
    /// The upstreams of routes.
    let upstreams: [String: any Upstream]
    /// The services that the gateway itself sends requests to.
    private let services: [String: any Upstream]
    let worker: Worker
    /// The router for the admin endpoints in `admin.expose`.
    let admin: AdminRouter
    private var errors: [Finding] = []
    private var warnings: [Finding] = []
    private var resolver: MiddlewareResolver
    /// Whether `upstreams` has all that the file names. Those with errors are missing.
    private var hasAllUpstreams = true
    /// Whether policies are checked, each by itself.
    private var checksPolicies = false
    /// The number of plans built so far.
    private var plans = 0
    private let routes: CompiledRoutes
    /// Whether any route may have a cache, so that all have to invalidate what is stored.
    private let hasCache: Bool
    private var routePlans: ContiguousArray<RoutePlan> = []
    /// The index of the next route to build.
    private var next = 0
    /// What routes without tables of their own share, by their policies and the middleware's place in the chain.
    private var shared: [[String]: [Int: SharedMiddleware]] = [:]

    init(
        _ configuration: GatewayConfiguration,
        middlewares: [MiddlewareRegistration],
        routes: CompiledRoutes,
        upstreams: [String: any Upstream],
        admin: AdminRouter,
        worker: Worker
    ) {
        self.configuration = configuration
        self.routes = routes
        self.middlewares = middlewares
        self.tables = middlewares.tables
        let services = configuration.services
        self.services = services.isEmpty ? [:] : upstreams.filter { services[$0.key] != nil }
        self.upstreams = services.isEmpty ? upstreams : upstreams.filter { services[$0.key] == nil }
        self.admin = admin
        self.worker = worker
        self.resolver = MiddlewareResolver(configuration, middlewares: middlewares.descriptions)
        self.hasCache = CacheSupport.isConfigured(in: configuration)
    }

    static func build(
        _ configuration: GatewayConfiguration,
        middlewares: [MiddlewareRegistration],
        routes: CompiledRoutes,
        upstreams: UpstreamRegistry,
        admin: AdminRouter,
        worker: Worker
    ) throws(ConfigurationErrors) -> RoutingTable {
        var builder = Self(
            configuration,
            middlewares: middlewares,
            routes: routes,
            upstreams: upstreams.makeUpstreams(for: worker),
            admin: admin,
            worker: worker
        )
        return try builder.build()
    }

    /// An error or warning with the path of its setting.
    private struct Finding {
        let path: SettingPath
        let error: ConfigurationError
    }

    /// Builds a configuration only to find its errors and warnings, including those of policies that no route lists.
    ///
    /// - Parameter diagnostics: The errors found while reading. If there are any, upstreams of routes may be missing,
    ///   so only the middleware chains are built.
    static func check(
        _ configuration: GatewayConfiguration,
        middlewares: [MiddlewareRegistration],
        upstreams: UpstreamRegistry,
        admin: AdminRouter,
        worker: Worker,
        after diagnostics: ConfigurationDiagnostics
    ) -> (errors: [ConfigurationError], warnings: [ConfigurationError]) {
        var builder = Self(
            configuration,
            middlewares: middlewares,
            routes: CompiledRoutes(configuration, middlewares: middlewares.descriptions),
            upstreams: upstreams.makeUpstreams(for: worker),
            admin: admin,
            worker: worker
        )
        // A cluster that is not stopped stays registered for changes of its endpoints.
        defer { for upstream in builder.allUpstreams { upstream.stop() } }
        builder.hasAllUpstreams = diagnostics.errors.isEmpty
        if diagnostics.errors.isEmpty {
            _ = try? builder.build()
        } else {
            builder.buildChains()
        }
        builder.checkPolicies()
        return (
            builder.findings(builder.errors, after: diagnostics),
            builder.findings(builder.warnings, after: diagnostics).map { $0.naming(configuration.routes) }
        )
    }

    private var allUpstreams: [any Upstream] { Array(self.upstreams.values) + self.services.values }

    private mutating func buildChains() {
        for (index, route) in self.configuration.routes.enumerated() { _ = self.plan(of: route, at: index, .refuse) }
        _ = self.makePlan(
            name: MetricLabel.noRoute,
            settings: self.resolver.withoutRoute(),
            action: .refuse,
            forwarding: RoutePlan.Forwarding()
        )
    }

    /// Builds each policy as if a route listed only that policy, because another policy may hide its errors and no
    /// route may list it. Reports only findings about keys that the policy itself sets, since routes may add the
    /// others.
    private mutating func checkPolicies() {
        self.checksPolicies = true
        for name in self.configuration.policies.keys.sorted() {
            var route = RouteConfiguration()
            route.policies = [name]
            let (errors, warnings) = (self.errors.count, self.warnings.count)
            _ = self.makePlan(
                name: "policy \(name)",
                settings: self.resolver.settings(for: route),
                action: .refuse,
                forwarding: RoutePlan.Forwarding()
            )
            let written = self.configuration.document.root
            let isOwn = { (finding: Finding) in
                finding.path.steps.starts(with: [.key("policies"), .key(name)])
                    && written?.node(at: finding.path) != nil
            }
            self.errors = Array(self.errors[..<errors]) + self.errors[errors...].filter(isOwn)
            self.warnings = Array(self.warnings[..<warnings]) + self.warnings[warnings...].filter(isOwn)
        }
    }

    private mutating func build() throws(ConfigurationErrors) -> RoutingTable {
        while self.buildNext() {}
        return try self.finish()
    }

    /// Builds the plan of the next route. Returns false if there is none.
    mutating func buildNext() -> Bool {
        guard self.next < self.configuration.routes.count else { return false }
        let index = self.next
        let route = self.configuration.routes[index]
        self.next += 1
        guard let action = self.action(of: route, at: index) else { return true }
        self.routePlans.append(self.plan(of: route, at: index, action))
        return true
    }

    /// Builds the table when the plans of all routes were built.
    mutating func finish() throws(ConfigurationErrors) -> RoutingTable {
        let unrouted = self.makePlan(
            name: MetricLabel.noRoute,
            settings: self.resolver.withoutRoute(),
            action: .refuse,
            forwarding: RoutePlan.Forwarding()
        )
        if self.routes.reports > 0 {
            let plan = self.reportPlan()
            self.routePlans += repeatElement(plan, count: self.routes.reports)
        }
        let exposed = try? self.exposedRouter()
        for problem in self.routes.problems { self.report(problem.message, at: problem.route, problem.key) }
        if !self.errors.isEmpty {
            throw ConfigurationErrors(self.findings(self.errors, after: ConfigurationDiagnostics()))
        }
        return RoutingTable(
            exposed: exposed,
            router: self.routes.router,
            plans: self.routePlans,
            unrouted: unrouted,
            httpsRedirect: self.configuration.server.httpsRedirect ? self.httpsRedirectPlan() : nil,
            upstreams: self.allUpstreams
        )
    }

    /// Returns the findings sorted by position, without duplicates, consequences of known errors, or values from
    /// environment variables.
    private func findings(_ findings: [Finding], after diagnostics: ConfigurationDiagnostics) -> [ConfigurationError] {
        let errors = findings.compactMap { finding -> ConfigurationError? in
            let path = diagnostics.written(finding.path)
            guard !diagnostics.hasFailure(in: path) else { return nil }
            var error = finding.error
            error.key = path.description
            return error
        }
        let unique = ConfigurationErrors(errors).withoutRepetition
        return self.configuration.document.redacted(self.configuration.naming(unique))
    }

    /// Builds the router for the admin endpoints in `admin.expose`. `AdminAccess` controls who may use them, so their
    /// chain contains only the observing middlewares.
    private mutating func exposedRouter() throws(InvalidRoutes) -> Router<RoutePlan>? {
        let paths = Set(self.configuration.admin.expose.flatMap(AdminEndpoints.paths(exposedAs:)))
        if paths.isEmpty { return nil }
        let upstream = AdminUpstream(self.admin, on: .exposed)
        let sockets = paths.intersection(AdminEndpoints.webSocketPaths)
        var routes: [(RouteMatch, RoutePlan)] = []
        for group in [paths.subtracting(sockets), sockets] where !group.isEmpty {
            var forwarding = RoutePlan.Forwarding()
            forwarding.acceptsWebSockets = group == sockets
            let plan = self.makePlan(
                name: MetricLabel.adminRoute,
                settings: self.settings(of: Self.observers),
                action: .upstream(upstream),
                forwarding: forwarding
            )
            routes += group.sorted().map { (RouteMatch(path: $0, methods: ["GET"]), plan) }
        }
        return try Router(routes: routes)
    }

    private static let observers: Set<String> = [
        RequestIDMiddleware.name, MetricsMiddleware.name, AccessLogMiddleware.name,
    ]

    /// The middlewares of plans that anyone may use.
    private static let limiting: Set<String> = [
        TracingMiddleware.name, TimeoutMiddleware.name, SecurityHeadersMiddleware.name, CORSMiddleware.name,
        IPMiddleware.name, "rate_limit", "concurrency",
    ]

    /// Builds the plan that redirects to https.
    private mutating func httpsRedirectPlan() -> RoutePlan {
        self.makePlan(
            name: MetricLabel.noRoute,
            settings: self.settings(of: Self.observers.union(Self.limiting)),
            action: .refuse,
            forwarding: RoutePlan.Forwarding()
        ) { context in HTTPSRedirectMiddleware(HTTPSRedirectMiddleware.Config(), in: &context) }
    }

    /// Builds the plan that receives browser reports. Anyone may send them, so the chain includes the limiting
    /// middlewares.
    private mutating func reportPlan() -> RoutePlan {
        self.makePlan(
            name: MetricLabel.reportsRoute,
            settings: self.settings(of: Self.observers.union(Self.limiting)),
            action: .refuse,
            forwarding: RoutePlan.Forwarding()
        ) { context in CSPReportMiddleware(CSPReportMiddleware.Config(), in: &context) }
    }

    /// Returns the settings of `[middleware.*]` with all other middlewares disabled.
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
        at index: Int
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
        let names = route.upstream?.names ?? []
        let upstreams = names.compactMap { self.upstreams[$0] }
        guard !names.isEmpty, upstreams.count == names.count else {
            self.report("names no upstream that there is", at: index, "upstream")
            return nil
        }
        guard case .split(let shares)? = route.upstream else { return .upstream(upstreams[0]) }
        let sides = zip(names, upstreams).map { (upstream: $1, share: shares[$0] ?? 0) }
        return .split(UpstreamSplit(sides, sticky: route.sticky))
    }

    private mutating func plan(of route: RouteConfiguration, at index: Int, _ action: RoutePlan.Action) -> RoutePlan {
        var forwarding = RoutePlan.Forwarding()
        forwarding.sendsOriginalPath = route.forwardPath == .original
        forwarding.preserveHost = route.preserveHost
        forwarding.style = self.configuration.server.forwarded
        forwarding.acceptsWebSockets = route.upgrade.contains { $0.lowercased() == "websocket" }
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
            sharedBy: route.middleware.nodes.isEmpty ? route.policies : nil,
            action: action,
            forwarding: forwarding,
            path: SettingPath("routes") + index,
            pattern: route.path
        )
    }

    private mutating func makePlan(
        name: String,
        settings: [EffectiveMiddleware],
        sharedBy policies: [String]? = nil,
        action: RoutePlan.Action,
        forwarding: RoutePlan.Forwarding,
        path: SettingPath = SettingPath(),
        pattern: String = "",
        below bottom: ((inout BuildContext) -> any Middleware)? = nil
    ) -> RoutePlan {
        let meters = RouteMeters(
            route: name,
            shard: self.worker.meters,
            isShown: self.plans < RouteMeters.startingRoutes || name == MetricLabel.noRoute
        )
        self.plans += 1
        let chain = Chain(of: name, noting: self.worker.activity)
        var errors = ErrorFormat()
        var owned = OwnedFields()
        var answersPreflights = false
        for (place, registration) in self.middlewares.enumerated() {
            let setting = settings[self.tables[place]]
            guard setting.isEnabled else { continue }
            let known = policies.flatMap { self.shared[$0]?[place] }
            if case .middleware(let middleware, let fields)? = known {
                chain.append(middleware, at: place)
                owned.own(fields)
                continue
            }
            var context = BuildContext(
                route: name,
                worker: self.worker,
                meters: meters,
                middleware: setting.name,
                settings: setting,
                chain: self.checksPolicies ? [] : settings,
                upstreams: self.hasAllUpstreams ? self.upstreams : nil,
                services: self.hasAllUpstreams ? self.services : [:],
                configuration: self.configuration,
                authenticators: registration.authenticators
            )
            do throws(ConfigurationErrors) {
                let factory =
                    if case .factory(let factory)? = known { factory } else { try registration.decode(setting) }
                let middleware = factory?(&context)
                if let middleware { chain.append(middleware, at: place) }
                if let policies, known == nil {
                    // Findings are reported for each route.
                    let isShareable =
                        registration.isShareable && context.diagnostics.isEmpty && context.warnings.isEmpty
                    let shared = isShareable ? middleware : nil
                    self.shared[policies, default: [:]][place] =
                        shared.map { .middleware($0, context.owned) } ?? .factory(factory)
                }
            } catch {
                self.errors += error.errors.map { error in
                    let keys = error.key.split(separator: ".").dropFirst().map(String.init)
                    return Finding(path: setting.path(of: keys, in: path), error: error)
                }
            }
            if let format = context.errors { errors = format }
            owned.own(context.owned)
            if context.answersPreflights { answersPreflights = true }
            self.errors += context.diagnostics.map { Self.finding($0, setting, in: path) }
            self.warnings += context.warnings.map { Self.finding($0, setting, in: path) }
        }
        if self.hasCache, action.goesUpstream {
            var context = BuildContext(route: name, worker: self.worker, meters: meters)
            chain.append(CacheInvalidationMiddleware(in: &context), at: self.middlewares.count)
        }
        if let bottom {
            var context = BuildContext(route: name, worker: self.worker, meters: meters)
            chain.append(bottom(&context), at: self.middlewares.count)
        }
        if forwarding.acceptsWebSockets { meters.showWebSockets() }
        return RoutePlan(
            name: name,
            chain: chain,
            action: action,
            forwarding: forwarding,
            meters: meters,
            errors: errors,
            owned: owned,
            answersPreflights: answersPreflights,
            path: pattern
        )
    }

    private mutating func report(_ message: String, at route: Int, _ key: String) {
        let path = key.split(separator: ".").reduce(SettingPath("routes") + route) { $0 + String($1) }
        let position =
            self.configuration.document.position(of: path) ?? self.configuration.routes[route].source.position
        self.errors.append(Finding(path: path, error: ConfigurationError(message, at: position)))
    }

    private static func finding(
        _ diagnostic: BuildContext.Diagnostic,
        _ setting: EffectiveMiddleware,
        in route: SettingPath
    ) -> Finding {
        var error = setting.error(
            diagnostic.message,
            suggestion: diagnostic.suggestion,
            at: diagnostic.keys,
            isInName: diagnostic.isInName
        )
        error.rule = diagnostic.rule?.rawValue
        return Finding(path: setting.path(of: diagnostic.keys, in: route), error: error)
    }
}

/// What routes with the same settings share at one place of the chain.
private enum SharedMiddleware {
    /// The decoded settings; nil if they belong to another place.
    case factory(MiddlewareRegistration.Factory?)
    /// The middleware, and the fields that it owns on each of the routes.
    case middleware(any Middleware, OwnedFields)
}

extension EffectiveMiddleware {
    /// Returns the path where a setting is written, or would be.
    ///
    /// - Parameter route: The path of the route that the chain belongs to.
    fileprivate func path(of keys: [String], in route: SettingPath) -> SettingPath {
        self.place(of: keys).path(of: route) + self.name + self.settings.path(of: keys)
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

extension RoutePlan.Action {
    fileprivate var goesUpstream: Bool {
        switch self {
        case .upstream, .split: true
        case .respond, .redirect, .refuse: false
        }
    }
}
