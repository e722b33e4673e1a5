/// Merges the tables of each middleware: defaults, `[middleware]`, the route's policies from left to right, and the
/// route's own tables. A preset that these tables select then fills in settings that none of them sets.
package struct MiddlewareResolver {
    private let base: [(description: MiddlewareDescription, defaults: SettingNode)]
    private let common: MiddlewareTables
    private let policies: [String: MiddlewareTables]
    /// The settings of routes without tables of their own, by their policies. Such routes share them.
    private var shared: [[String]: [EffectiveMiddleware]] = [:]

    package init(_ configuration: GatewayConfiguration, middlewares: [MiddlewareDescription]) {
        base = middlewares.map { ($0, SettingNode(SettingSchema.written($0.defaults), source: .default)) }
        common = configuration.middleware
        policies = configuration.policies
    }

    /// Returns the settings for requests that match no route.
    package mutating func withoutRoute() -> [EffectiveMiddleware] {
        settings(policies: [], own: MiddlewareTables())
    }

    /// Returns the settings for a route, in the order of the registered middlewares.
    package mutating func settings(for route: RouteConfiguration) -> [EffectiveMiddleware] {
        settings(policies: route.policies, own: route.middleware)
    }

    private mutating func settings(policies names: [String], own: MiddlewareTables) -> [EffectiveMiddleware] {
        guard own.nodes.isEmpty else { return resolve(names, own) }
        if let known = shared[names] { return known }
        let resolved = resolve(names, own)
        shared[names] = resolved
        return resolved
    }

    private func resolve(_ names: [String], _ own: MiddlewareTables) -> [EffectiveMiddleware] {
        base.map { description, defaults in
            var isEnabled = description.onByDefault
            var settings = defaults
            var source: String?
            let tables: [(EffectiveMiddleware.Place, MiddlewareTables?)] =
                [(.common, common)] + names.map { (.policy($0), policies[$0]) } + [(.route, own)]
            let layers = tables.compactMap { place, tables in
                tables?.nodes[description.name].map { EffectiveMiddleware.Layer(place: place, node: $0) }
            }
            for layer in layers {
                var policy: String?
                if case .policy(let name) = layer.place { policy = name }
                if layer.node.entries != nil {
                    isEnabled = true
                    source = policy ?? source
                    settings = settings.overlaid(by: layer.node, policy: policy)
                } else {
                    isEnabled = false
                    settings.source = layer.node.source
                }
            }
            if !layers.isEmpty, let presets = description.defaults as? any PresetSettings {
                settings = type(of: presets).completed(settings)
            }
            var effective = EffectiveMiddleware(name: description.name, isEnabled: isEnabled, settings: settings)
            effective.layers = layers
            effective.routeKeys = Set(
                layers.filter { $0.place != .common }.flatMap { $0.node.entries?.keys.map { $0 } ?? [] }
            )
            effective.policy = source
            return effective
        }
    }
}

extension SettingNode {
    /// Returns this node merged with `other`. Tables merge by key at every depth. Other values are replaced.
    func overlaid(by other: SettingNode, policy: String?) -> SettingNode {
        var result = self
        guard let written = other.entries, var merged = entries else {
            result = other
            result.name(policy: policy)
            return result
        }
        for (key, entry) in written {
            if let existing = merged[key] {
                merged[key] = existing.overlaid(by: entry, policy: policy)
            } else {
                var entry = entry
                entry.name(policy: policy)
                merged[key] = entry
            }
        }
        result.content = .table(merged)
        result.source = other.source
        result.environmentValues = other.environmentValues
        return result
    }

    /// Adds the policy to the source of every value.
    private mutating func name(policy: String?) {
        guard let policy else { return }
        if case .file(let position, _) = source { source = .file(position, policy: policy) }
        switch content {
        case .scalar: break
        case .list(var elements):
            for index in elements.indices { elements[index].name(policy: policy) }
            content = .list(elements)
        case .table(var entries):
            for key in entries.keys { entries[key]?.name(policy: policy) }
            content = .table(entries)
        }
    }
}
