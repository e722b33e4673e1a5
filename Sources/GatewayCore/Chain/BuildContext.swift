package import GatewaySettings
import Logging

/// The context in which a middleware is built for one route and event loop.
public struct BuildContext {
    /// The name of the route, or `_none` for requests that match no route.
    public let route: String
    package let worker: Worker
    package let meters: RouteMeters
    /// The middleware's settings, each with its origin.
    package let settings: EffectiveMiddleware?
    /// The format of the route's errors, if the middleware sets one.
    package var errors: ErrorFormat?
    /// The fields that the middleware adds or removes.
    package var owned = OwnedFields()
    /// Whether the middleware answers CORS preflights.
    package var answersPreflights = false
    /// The settings of all middlewares of the chain; none while a policy is checked by itself.
    package let chain: [EffectiveMiddleware]
    /// The upstreams of the event loop by name; nil while a configuration with errors is checked.
    package let upstreams: [String: any Upstream]?
    /// The services that the gateway itself sends requests to, by name.
    let services: [String: any Upstream]
    /// The server that gateways share.
    package let redis: RedisConfiguration
    /// Whether the configuration names it.
    package let hasRedis: Bool
    /// The credentials that the gateway knows.
    package let auth: AuthConfiguration
    /// What is done with the spans of requests.
    package let tracing: TracingConfiguration
    /// What callers may use, by the name of their plan.
    package let plans: [String: PlanConfiguration]
    /// The kinds of credentials that `auth.any` may name.
    package let authenticators: [AuthenticatorRegistration]
    /// The folder of the configuration.
    package let folder: ConfigurationFolder
    private let middleware: String
    private var keys = 0
    /// The errors in the settings, with suggestions.
    public private(set) var diagnostics: [Diagnostic] = []
    /// Warnings about settings that are legal but unwise.
    public private(set) var warnings: [Diagnostic] = []

    /// One error or warning.
    public struct Diagnostic: Hashable, Sendable {
        /// The path of keys below the middleware's table. List elements are numbers.
        public var keys: [String]
        /// What is wrong.
        public var message: String
        /// What to do; may be empty.
        public var suggestion: String
        /// Whether the error is in the name of the last key, not in its value.
        package var isInName = false
        /// The rule of `gateway lint` that a warning belongs to; nil for an error.
        package var rule: LintRule?
    }

    package init(
        route: String,
        worker: Worker,
        meters: RouteMeters,
        middleware: String = "",
        settings: EffectiveMiddleware? = nil,
        chain: [EffectiveMiddleware] = [],
        upstreams: [String: any Upstream]? = nil,
        services: [String: any Upstream] = [:],
        configuration: GatewayConfiguration = GatewayConfiguration(),
        authenticators: [AuthenticatorRegistration] = []
    ) {
        self.route = route
        self.worker = worker
        self.meters = meters
        self.middleware = middleware
        self.settings = settings
        self.chain = chain
        self.upstreams = upstreams
        self.services = services
        self.redis = configuration.redis ?? RedisConfiguration()
        self.hasRedis = configuration.redis != nil
        self.auth = configuration.auth
        self.tracing = configuration.tracing
        self.plans = configuration.plans
        self.authenticators = authenticators
        self.folder = configuration.document.folder
    }

    /// Returns whether a policy or the route sets `key`, as opposed to `[middleware]` or the default.
    package func isSetByRoute(_ key: String) -> Bool { self.settings?.routeKeys.contains(key) ?? false }

    /// Returns the settings of another middleware, or nil if it does not run on this route.
    package func settings<Config: Decodable>(of name: String, as type: Config.Type) -> Config? {
        self.chain.first { $0.name == name && $0.isEnabled }.flatMap { try? $0.decode(type) }
    }

    // MARK: State

    /// Creates a key for per-request state. Each request starts with `initial`.
    public mutating func key<Value>(_ initial: Value) -> ExchangeKey<Value> {
        defer { self.keys += 1 }
        return ExchangeKey("\(self.middleware).\(self.keys)", initial: initial)
    }

    /// Returns an object that all event loops share and that survives a reload, for state that must be exact across
    /// loops. It is forgotten when a reload builds no plan that asks for it.
    ///
    /// - Parameters:
    ///   - key: The key, namespaced by middleware.
    ///   - make: Creates the object if none exists for this key and type.
    public func shared<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        self.worker.shared.objectOfPlans("\(self.middleware).\(key)", make)
    }

    /// Returns an object that all event loops share and that lives as long as the gateway.
    package func lasting<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        self.worker.shared.object("\(self.middleware).\(key)", make)
    }

    /// The consumers that the gateway knows.
    package var consumers: Consumers { self.worker.shared.consumers }

    /// Receives what operators may want to know.
    package var events: any EventSink { self.worker.events }

    /// Receives the wrong credentials of clients.
    package var credentialFailures: CredentialFailures { self.worker.shared.credentialFailures }

    // MARK: Meters

    package func counter(_ description: MetricDescription, _ labels: String...) -> Counter {
        self.worker.meters.counter(description, labels)
    }

    package func gauge(_ description: MetricDescription, _ labels: String...) -> Gauge {
        self.worker.meters.gauge(description, labels)
    }

    func histogram(_ description: MetricDescription, _ labels: String...) -> Histogram {
        self.worker.meters.histogram(description, labels)
    }

    /// Creates a counter named `gateway_NAME_…_total`, labelled with the route.
    ///
    /// - Parameters:
    ///   - name: What it counts, ending in `_total`: `"refused_total"`.
    ///   - help: One sentence.
    ///   - labels: Further labels and their values. Never use values that a client can invent.
    public mutating func counter(
        _ name: String,
        help: String,
        labels: KeyValuePairs<String, String> = [:]
    ) -> Counter {
        guard let description = self.description(name, .counter, help, labels, ending: "_total") else {
            return Counter()
        }
        return self.worker.meters.counter(description, [self.route] + labels.map(\.value))
    }

    /// Creates a gauge named `gateway_NAME_…`, labelled with the route. The values of the event loops are added.
    ///
    /// - Parameters:
    ///   - name: What it measures: `"waiting"`.
    ///   - help: One sentence.
    ///   - labels: Further labels and their values.
    public mutating func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        guard let description = self.description(name, .gauge(.sum), help, labels) else { return Gauge() }
        return self.worker.meters.gauge(description, [self.route] + labels.map(\.value))
    }

    /// Creates a histogram of durations named `gateway_NAME_…_seconds`, labelled with the route.
    ///
    /// - Parameters:
    ///   - name: What it measures, ending in `_seconds`: `"lookup_seconds"`.
    ///   - help: One sentence.
    ///   - labels: Further labels and their values.
    public mutating func histogram(
        _ name: String,
        help: String,
        labels: KeyValuePairs<String, String> = [:]
    ) -> Histogram {
        guard let description = self.description(name, .histogram, help, labels, ending: "_seconds") else {
            return Histogram(.standard)
        }
        return self.worker.meters.histogram(description, [self.route] + labels.map(\.value))
    }

    /// Returns the description of a metric. Reports an error and returns nil if the name is invalid or taken.
    private mutating func description(
        _ name: String,
        _ kind: MetricDescription.Kind,
        _ help: String,
        _ labels: KeyValuePairs<String, String>,
        ending: String = ""
    ) -> MetricDescription? {
        if let mistake = MetricName.mistake(in: name, ending: ending, labels: labels.map(\.key)) {
            self.fail(mistake)
            return nil
        }
        let description = MetricDescription(
            "gateway_\(self.middleware)_\(name)",
            kind,
            help: help,
            labels: ["route"] + labels.map(\.key),
            unit: kind == .histogram ? .seconds : nil
        )
        guard self.worker.meters.takes(description) else {
            self.fail("\"\(description.name)\" is there already, of another kind or with other labels")
            return nil
        }
        return description
    }

    // MARK: Errors and warnings

    /// Logs a warning at start about settings that are legal but unwise.
    public func warn(_ message: String) {
        // Every event loop builds the same chain, so log the warning only on the first.
        guard self.worker.index == 0 else { return }
        self.worker.log.warning("\(self.middleware): \(message)", metadata: ["route": "\(self.route)"])
    }

    /// Rejects the configuration.
    ///
    /// - Parameters:
    ///   - message: What is wrong: `"a b" is not a field name`.
    ///   - suggestion: What to do: `write letters, digits and hyphens`.
    ///   - keys: The keys of the setting in `gateway.toml`.
    public mutating func fail(_ message: String, suggestion: String = "", at keys: String...) {
        self.fail(message, suggestion: suggestion, at: keys)
    }

    package mutating func fail(_ message: String, suggestion: String = "", at keys: [String], isInName: Bool = false) {
        self.diagnostics.append(
            Diagnostic(keys: keys, message: message, suggestion: suggestion, isInName: isInName)
        )
    }

    /// Reports settings that are legal but unwise; `gateway check` shows them.
    public mutating func warn(_ message: String, suggestion: String = "", at keys: String...) {
        self.warnings.append(Diagnostic(keys: keys, message: message, suggestion: suggestion, rule: .middleware))
    }

    /// Reports settings that are legal but unwise, as a finding of a rule of `gateway lint`.
    package mutating func warn(_ rule: LintRule, _ message: String, suggestion: String, at keys: String...) {
        self.warnings.append(Diagnostic(keys: keys, message: message, suggestion: suggestion, rule: rule))
    }
}
