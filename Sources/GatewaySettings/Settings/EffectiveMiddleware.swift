/// The effective settings of a middleware on a route: whether it runs, and every setting with its source.
package struct EffectiveMiddleware: Sendable {
    package let name: String
    package let isEnabled: Bool
    /// All settings, as a table.
    package let settings: SettingNode
    /// The last of the route's policies that configures this middleware.
    package var policy: String?
    /// The keys that a policy or the route itself sets, on top of the settings for all routes.
    package var routeKeys: Set<String> = []
    /// The tables that were merged over the defaults, in order. The last one wins.
    var layers: [Layer] = []

    package init(
        name: String,
        isEnabled: Bool,
        settings: SettingNode,
        policy: String? = nil,
        routeKeys: Set<String> = [],
        layers: [Layer] = []
    ) {
        self.name = name
        self.isEnabled = isEnabled
        self.settings = settings
        self.policy = policy
        self.routeKeys = routeKeys
        self.layers = layers
    }

    /// The settings of the middleware in one of the configuration's scopes.
    package struct Layer: Sendable {
        let place: Place
        let node: SettingNode
    }

    /// The scope that a table belongs to.
    package enum Place: Hashable, Sendable {
        case common
        case policy(String)
        case route

        /// Returns the path of the tables in this scope.
        ///
        /// - Parameter route: The path of the route.
        package func path(of route: SettingPath) -> SettingPath {
            switch self {
            case .common: SettingPath("middleware")
            case .policy(let name): SettingPath("policies") + name
            case .route: route
            }
        }
    }

    /// A single setting. The key is dotted if the setting is in a nested table.
    package struct Leaf: Sendable {
        package let key: String
        package let value: SettingValue
        package let source: SettingSource
    }

    /// All settings, sorted by key.
    package var leaves: [Leaf] {
        var leaves: [Leaf] = []
        func collect(_ node: SettingNode, _ path: SettingPath) {
            if let entries = node.entries, !(entries.isEmpty && !path.steps.isEmpty) {
                for (key, entry) in entries.sorted(by: { $0.key < $1.key }) { collect(entry, path + key) }
            } else {
                leaves.append(Leaf(key: path.description, value: node.redacted(at: path).value, source: node.source))
            }
        }
        collect(settings, SettingPath())
        return leaves
    }

    /// Returns the scope that sets the effective value, or that of the deepest enclosing table.
    package func place(of keys: [String] = []) -> Place {
        var found = (depth: 0, place: Place.common)
        for layer in layers {
            var depth = 0
            var node = layer.node
            for key in keys {
                guard let next = node.entries?[key] else { break }
                node = next
                depth += 1
            }
            if depth >= found.depth { found = (depth, layer.place) }
        }
        return found.place
    }

    /// Returns the settings decoded as the middleware's own type.
    package func decode<Config: Decodable>(_ type: Config.Type) throws(ConfigurationErrors) -> Config {
        do {
            return try SettingDecoder.decode(type, from: settings, at: SettingPath(name))
        } catch let error as ConfigurationError {
            throw ConfigurationErrors([error])
        } catch {
            throw ConfigurationErrors([ConfigurationError("\(error)", key: name, at: settings.source.position)])
        }
    }

    /// Returns an error that only the middleware itself can detect, with the position of the setting.
    ///
    /// - Parameter isInName: Whether the position is that of the last key instead of its value.
    package func error(_ problem: String, suggestion: String, at keys: [String], isInName: Bool = false)
        -> ConfigurationError
    {
        let path = settings.path(of: keys)
        let node = settings.nearest(to: path)
        let keyPosition = isInName ? settings.node(at: path)?.keyPosition : nil
        return ConfigurationError(
            problem,
            suggestion: node.safe(suggestion),
            key: (SettingPath(name) + path).description,
            at: keyPosition ?? node.source.position
        )
    }
}

extension EffectiveMiddleware {
    /// All settings by key, with their values and sources.
    package var leavesJSON: JSONValue {
        let settings = self.leaves.map { leaf -> (String, JSONValue) in
            (leaf.key, ["source": .string("\(leaf.source)"), "value": JSONValue(leaf.value)])
        }
        return .sorted(Dictionary(settings) { first, _ in first })
    }
}
