/// What a middleware may use while it is built for one route on one event loop.
public struct BuildContext {
    /// The route's name, `_none` for what no route takes.
    public let route: String
    let worker: Worker
    let meters: RouteMeters
    /// Every setting with where it comes from.
    let settings: EffectiveMiddleware?
    /// How the route's errors look, for the middleware that says so.
    var errors: ErrorFormat?
    private let middleware: String
    private var slots = 0
    /// Mistakes in the settings, in words that tell the user what to write instead.
    public private(set) var diagnostics: [Diagnostic] = []
    /// What is legal but unwise.
    public private(set) var warnings: [Diagnostic] = []

    public struct Diagnostic: Hashable, Sendable {
        /// The keys under the middleware's table that lead to the value.
        public var keys: [String]
        public var message: String
        public var suggestion: String
    }

    init(
        route: String,
        worker: Worker,
        meters: RouteMeters,
        middleware: String = "",
        settings: EffectiveMiddleware? = nil
    ) {
        self.route = route
        self.worker = worker
        self.meters = meters
        self.middleware = middleware
        self.settings = settings
    }

    /// Whether a policy or the route itself sets `key`, and not only `[middleware]` or the default.
    func isSetByRoute(_ key: String) -> Bool { self.settings?.routeKeys.contains(key) ?? false }

    // MARK: State

    /// A place for a request's own state, which each request begins with `initial`.
    public mutating func slot<Value>(_ initial: Value) -> Slot<Value> {
        defer { self.slots += 1 }
        return Slot(
            index: self.worker.slots.number(of: "\(self.middleware).\(self.slots)", Value.self),
            initial: initial
        )
    }

    /// An object that all event loops share, and that outlives a reload: what must be exact over all of them.
    ///
    /// - Parameters:
    ///   - key: told apart from those of other middlewares by itself.
    ///   - make: makes it where there is none of this key and type yet.
    public func shared<Value: AnyObject & Sendable>(_ key: String, _ make: () -> Value) -> Value {
        self.worker.shared.object("\(self.middleware).\(key)", make)
    }

    // MARK: Meters

    func counter(_ description: MetricDescription, _ labels: String...) -> Counter {
        self.worker.meters.counter(description, labels)
    }

    func gauge(_ description: MetricDescription, _ labels: String...) -> Gauge {
        self.worker.meters.gauge(description, labels)
    }

    func histogram(_ description: MetricDescription, _ labels: String...) -> Histogram {
        self.worker.meters.histogram(description, labels)
    }

    // MARK: Mistakes

    /// Refuses the configuration.
    ///
    /// - Parameters:
    ///   - message: what is wrong: `"a b" is no field name`.
    ///   - suggestion: what to do: `write letters, digits and hyphens`.
    ///   - keys: the setting's keys in `gateway.toml`.
    public mutating func fail(_ message: String, suggestion: String = "", at keys: String...) {
        self.fail(message, suggestion: suggestion, at: keys)
    }

    mutating func fail(_ message: String, suggestion: String = "", at keys: [String]) {
        self.diagnostics.append(Diagnostic(keys: keys, message: message, suggestion: suggestion))
    }

    /// Says what is legal but unwise; `gateway check` shows it.
    public mutating func warn(_ message: String, suggestion: String = "", at keys: String...) {
        self.warnings.append(Diagnostic(keys: keys, message: message, suggestion: suggestion))
    }
}
