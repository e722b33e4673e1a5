import Logging

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
    /// What the middleware writes or takes out.
    var owned = OwnedFields()
    private let middleware: String
    private var slots = 0
    /// Mistakes in the settings, in words that tell the user what to write instead.
    public private(set) var diagnostics: [Diagnostic] = []
    /// What is legal but unwise.
    public private(set) var warnings: [Diagnostic] = []

    /// One mistake.
    public struct Diagnostic: Hashable, Sendable {
        /// The keys under the middleware's table that lead to the value; an element of a list goes by its number.
        public var keys: [String]
        /// What is wrong.
        public var message: String
        /// What to do; may be empty.
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

    /// A count of the middleware's own that only grows, `gateway_NAME_…_total`, labelled with the route.
    ///
    /// - Parameters:
    ///   - name: what it counts, with `_total` at its end: `"refused_total"`.
    ///   - help: one sentence for people.
    ///   - labels: further labels and their values. Nothing that a client can make up belongs there.
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

    /// A value of the middleware's own that goes up and down, `gateway_NAME_…`, labelled with the route; the values of the
    /// event loops are added.
    ///
    /// - Parameters:
    ///   - name: what it measures: `"waiting"`.
    ///   - help: one sentence for people.
    ///   - labels: further labels and their values.
    public mutating func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        guard let description = self.description(name, .gauge(.sum), help, labels) else { return Gauge() }
        return self.worker.meters.gauge(description, [self.route] + labels.map(\.value))
    }

    /// Durations of the middleware's own in buckets, `gateway_NAME_…_seconds`, labelled with the route.
    ///
    /// - Parameters:
    ///   - name: what takes time, with `_seconds` at its end: `"lookup_seconds"`.
    ///   - help: one sentence for people.
    ///   - labels: further labels and their values.
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

    /// nil where the name is a mistake, which is reported then.
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

    // MARK: Mistakes

    /// Tells whoever starts the gateway of settings that are legal but unwise.
    public func warn(_ message: String) {
        // Every event loop builds the same chain; it is said once.
        guard self.worker.index == 0 else { return }
        self.worker.log.warning("\(self.middleware): \(message)", metadata: ["route": "\(self.route)"])
    }

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
