/// What a middleware may use while it is built for one route on one event loop.
public struct BuildContext {
    /// The route's name, `_none` for what no route takes.
    public let route: String
    let worker: Worker
    let meters: RouteMeters
    /// Mistakes in the settings, in words that tell the user what to write instead.
    public private(set) var diagnostics: [Diagnostic] = []

    public struct Diagnostic: Hashable, Sendable {
        /// The keys under the middleware's table that lead to the wrong value.
        public var keys: [String]
        public var message: String
        public var suggestion: String
    }

    init(route: String, worker: Worker, meters: RouteMeters) {
        self.route = route
        self.worker = worker
        self.meters = meters
    }

    /// Refuses the configuration.
    ///
    /// - Parameters:
    ///   - message: what is wrong: `"a b" is no field name`.
    ///   - suggestion: what to do: `write letters, digits and hyphens`.
    ///   - keys: the setting's keys in `gateway.toml`.
    public mutating func fail(_ message: String, suggestion: String = "", at keys: String...) {
        self.diagnostics.append(Diagnostic(keys: keys, message: message, suggestion: suggestion))
    }
}
