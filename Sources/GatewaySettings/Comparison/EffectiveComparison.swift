/// Finds the differences between two configurations.
struct EffectiveComparison {
    private let old: GatewayConfiguration
    private let new: GatewayConfiguration
    private let defaults: [String: SettingValue]
    private let middlewares: [MiddlewareDescription]
    private var oldResolver: MiddlewareResolver
    private var newResolver: MiddlewareResolver
    /// Whether the tables that routes share were written alike, so that routes that are written alike are equal.
    private let sharesTables: Bool

    init(from old: GatewayConfiguration, to new: GatewayConfiguration, middlewares: [MiddlewareDescription]) {
        self.old = old
        self.new = new
        self.middlewares = middlewares
        self.defaults = Dictionary(middlewares.map { ($0.name, SettingSchema.written($0.defaults)) }) { first, _ in
            first
        }
        self.oldResolver = MiddlewareResolver(old, middlewares: middlewares)
        self.newResolver = MiddlewareResolver(new, middlewares: middlewares)
        self.sharesTables =
            old.middleware.isWritten(like: new.middleware) && old.policies.count == new.policies.count
            && old.policies.allSatisfy { name, tables in new.policies[name].map(tables.isWritten) ?? false }
    }

    // MARK: Routes

    mutating func routes() -> ConfigurationComparison.Named {
        let oldPlaces = Self.places(of: self.old.routes)
        let newNames = Set(self.new.routes.map(\.name))
        var result = ConfigurationComparison.Named()
        result.removed = self.old.routes.indices.filter { !newNames.contains(self.old.routes[$0].name) }.map {
            self.old.shownName(ofRoute: $0)
        }
        for (index, route) in self.new.routes.enumerated() {
            let name = self.new.shownName(ofRoute: index)
            guard let place = oldPlaces[route.name] else {
                result.added.append(name)
                continue
            }
            let changes = self.changes(ofRoute: place, to: index)
            if !changes.isEmpty { result.changed.append(.init(name: name, settings: changes)) }
        }
        return result
    }

    private static func places(of routes: [RouteConfiguration]) -> [String: Int] {
        Dictionary(routes.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    private mutating func changes(ofRoute oldIndex: Int, to newIndex: Int) -> [SettingChange] {
        let (oldRoute, newRoute) = (self.old.routes[oldIndex], self.new.routes[newIndex])
        var from = Self.settings(of: oldRoute, at: oldIndex, in: self.old)
        var to = Self.settings(of: newRoute, at: newIndex, in: self.new)
        let isWrittenAlike =
            self.sharesTables && oldRoute.policies == newRoute.policies
            && oldRoute.middleware.isWritten(like: newRoute.middleware)
        if !isWrittenAlike {
            self.add(
                self.oldResolver.settings(for: oldRoute),
                self.newResolver.settings(for: newRoute),
                at: SettingPath(),
                to: &from,
                &to
            )
        }
        return ComparedSettings.changes(from: from, to: to)
    }

    private static func settings(
        of route: RouteConfiguration,
        at index: Int,
        in configuration: GatewayConfiguration
    ) -> ComparedSettings {
        var settings = ComparedSettings()
        guard case .table(let entries) = SettingSchema.written(route) else { return settings }
        let place = SettingPath("routes") + index
        // Policies count by what they set.
        for (key, value) in entries where !["name", "middleware", "policies"].contains(key) {
            settings.add(value, at: SettingPath(key), place: place + key, in: configuration.document.root)
        }
        return settings
    }

    // MARK: Middlewares

    private func add(
        _ old: [EffectiveMiddleware],
        _ new: [EffectiveMiddleware],
        at path: SettingPath,
        to from: inout ComparedSettings,
        _ to: inout ComparedSettings
    ) {
        for ((description, old), new) in zip(zip(self.middlewares, old), new) {
            guard old.isEnabled || new.isEnabled else { continue }
            let name = path + description.name
            if old.isEnabled != new.isEnabled {
                from.set(name.description, to: old.isEnabled ? "on" : "off")
                to.set(name.description, to: new.isEnabled ? "on" : "off")
            } else if old.settings.value == new.settings.value {
                continue
            }
            // A middleware that is switched shows only what differs from its defaults.
            let isSwitched = old.isEnabled != new.isEnabled
            let base = isSwitched ? self.defaults[description.name] : nil
            if old.isEnabled { Self.add(old, description, without: base, at: name, to: &from) }
            if new.isEnabled { Self.add(new, description, without: base, at: name, to: &to) }
        }
    }

    private static func add(
        _ middleware: EffectiveMiddleware,
        _ description: MiddlewareDescription,
        without base: SettingValue?,
        at path: SettingPath,
        to settings: inout ComparedSettings
    ) {
        let value = middleware.settings.value.overlaid(by: self.normalized(middleware, as: description.defaults))
        let shown = base.map { value.removing($0) } ?? value
        settings.add(shown, at: path, place: path, in: SettingNode(path: path, middleware.settings))
    }

    /// Returns the settings as the middleware's type writes them; an empty table if it cannot read them.
    private static func normalized(
        _ middleware: EffectiveMiddleware,
        as defaults: any Codable & Sendable
    ) -> SettingValue {
        func written<Config: Codable>(_ config: Config) -> SettingValue? {
            (try? middleware.decode(Config.self)).map { SettingSchema.written($0) }
        }
        return written(defaults) ?? .table([:])
    }

    // MARK: Upstreams and other settings

    func upstreams() -> ConfigurationComparison.Named {
        var result = ConfigurationComparison.Named()
        result.added = self.new.upstreams.keys.filter { self.old.upstreams[$0] == nil }.sorted()
        result.removed = self.old.upstreams.keys.filter { self.new.upstreams[$0] == nil }.sorted()
        for name in self.new.upstreams.keys.sorted() where self.old.upstreams[name] != nil {
            func settings(in configuration: GatewayConfiguration) -> ComparedSettings {
                var settings = ComparedSettings()
                guard let upstream = configuration.upstreams[name] else { return settings }
                let place = SettingPath("upstreams") + name
                let written = SettingSchema.written(upstream).withPlainTargets
                settings.add(written, at: SettingPath(), place: place, in: configuration.document.root)
                return settings
            }
            let changes = ComparedSettings.changes(from: settings(in: self.old), to: settings(in: self.new))
            if !changes.isEmpty { result.changed.append(.init(name: name, settings: changes)) }
        }
        return result
    }

    mutating func settings() -> [SettingChange] {
        func settings(in configuration: GatewayConfiguration) -> ComparedSettings {
            var settings = ComparedSettings()
            var others = configuration
            others.routes = []
            others.upstreams = [:]
            guard case .table(let entries) = SettingSchema.written(others) else { return settings }
            for (key, value) in entries where !["routes", "upstreams", "middleware", "policies"].contains(key) {
                let path = SettingPath(key)
                settings.add(value, at: path, place: path, in: configuration.document.root)
            }
            return settings
        }
        var from = settings(in: self.old)
        var to = settings(in: self.new)
        self.add(
            self.oldResolver.withoutRoute(),
            self.newResolver.withoutRoute(),
            at: SettingPath("middleware"),
            to: &from,
            &to
        )
        return ComparedSettings.changes(from: from, to: to)
    }
}

extension GatewayConfiguration {
    /// Returns the name of a route, redacted if it contains a value from the environment. A derived name contains the
    /// path.
    fileprivate func shownName(ofRoute index: Int) -> String {
        let written = self.document.root?.node(at: SettingPath("routes") + index)?.entries
        let isSecret = [written?["name"], written?["path"]].contains { $0?.isFromEnvironment == true }
        return isSecret ? Redaction.text : self.routes[index].name
    }
}

extension MiddlewareTables {
    /// Whether both scopes have the same tables with the same text.
    fileprivate func isWritten(like other: MiddlewareTables) -> Bool {
        self.nodes.count == other.nodes.count
            && self.nodes.allSatisfy { name, node in other.nodes[name].map { node.value == $0.value } ?? false }
    }
}

extension SettingNode {
    /// Creates a tree in which a node has this path of keys.
    fileprivate init(path: SettingPath, _ node: SettingNode) {
        self = path.steps.reversed().reduce(node) { node, step in
            guard case .key(let key) = step else { return node }
            return SettingNode(.table([key: node]), source: node.source)
        }
    }
}

extension SettingValue {
    /// An upstream in which targets that have only a URL are written as one.
    fileprivate var withPlainTargets: SettingValue {
        guard case .table(var entries) = self, case .list(let targets)? = entries["targets"],
            case .table(let defaults) = SettingSchema.written(TargetConfiguration())
        else { return self }
        entries["targets"] = .list(
            targets.map { target in
                guard case .table(let target) = target, let url = target["url"] else { return target }
                let isPlain = target.allSatisfy { $0.key == "url" || defaults[$0.key] == $0.value }
                return isPlain ? url : .table(target)
            }
        )
        return .table(entries)
    }

    /// Returns this value with those of `other` in its place. Tables merge by key at every depth.
    fileprivate func overlaid(by other: SettingValue) -> SettingValue {
        guard case .table(let own) = self, case .table(let others) = other else { return other }
        return .table(own.merging(others) { $0.overlaid(by: $1) })
    }

    /// Returns this table without the entries that `other` has too, at every depth.
    fileprivate func removing(_ other: SettingValue) -> SettingValue {
        guard case .table(let own) = self, case .table(let others) = other else { return self }
        return .table(
            own.reduce(into: [:]) { rest, entry in
                guard let same = others[entry.key] else {
                    rest[entry.key] = entry.value
                    return
                }
                if entry.value != same { rest[entry.key] = entry.value.removing(same) }
            }
        )
    }
}
