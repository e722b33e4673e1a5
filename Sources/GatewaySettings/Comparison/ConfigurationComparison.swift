/// The differences between two configurations in what they do: the settings after defaults, policies and routes were
/// merged, whatever their spelling.
///
/// Routes and upstreams are identified by their names. The order of routes is not compared.
package struct ConfigurationComparison: Hashable, Sendable {
    /// The differences between the routes, or between the upstreams.
    package struct Named: Hashable, Sendable {
        /// In the order of the new configuration.
        package internal(set) var added: [String] = []
        /// In the order of the old configuration.
        package internal(set) var removed: [String] = []
        package internal(set) var changed: [Changed] = []

        package var isEmpty: Bool { self.added.isEmpty && self.removed.isEmpty && self.changed.isEmpty }
    }

    /// A route or an upstream that both configurations have.
    package struct Changed: Hashable, Sendable {
        package let name: String
        package let settings: [SettingChange]
    }

    package let routes: Named
    package let upstreams: Named
    /// The other settings. Those of middlewares apply to requests that match no route.
    package let settings: [SettingChange]

    package var isEmpty: Bool { self.routes.isEmpty && self.upstreams.isEmpty && self.settings.isEmpty }

    init(routes: Named, upstreams: Named, settings: [SettingChange]) {
        self.routes = routes
        self.upstreams = upstreams
        self.settings = settings
    }

    /// Compares two valid configurations.
    ///
    /// - Parameter middlewares: The middlewares of the chain.
    package init(
        from old: GatewayConfiguration,
        to new: GatewayConfiguration,
        middlewares: [MiddlewareDescription]
    ) {
        var comparison = EffectiveComparison(from: old, to: new, middlewares: middlewares)
        self.routes = comparison.routes()
        self.upstreams = comparison.upstreams()
        self.settings = comparison.settings()
    }
}

extension ConfigurationComparison {
    package var json: JSONValue {
        ["routes": self.routes.json, "upstreams": self.upstreams.json, "settings": Self.json(self.settings)]
    }

    fileprivate static func json(_ changes: [SettingChange]) -> JSONValue {
        .object(changes.map { JSONValue.Member(name: $0.key, value: $0.json) })
    }

    /// One line per addition (`+`), removal (`-`) and changed setting (`~`).
    package var lines: [String] {
        self.routes.lines("route") + self.upstreams.lines("upstream") + self.settings.map { "~ " + $0.text }
    }
}

extension ConfigurationComparison.Named {
    fileprivate var json: JSONValue {
        [
            "added": .array(self.added.map { .string($0) }),
            "removed": .array(self.removed.map { .string($0) }),
            "changed": .array(
                self.changed.map {
                    ["name": .string($0.name), "settings": ConfigurationComparison.json($0.settings)]
                }
            ),
        ]
    }

    fileprivate func lines(_ kind: String) -> [String] {
        self.added.map { "+ \(kind) \($0)" } + self.removed.map { "- \(kind) \($0)" }
            + self.changed.flatMap { changed in
                changed.settings.map { "~ \(kind) \(changed.name): \($0.text)" }
            }
    }
}
