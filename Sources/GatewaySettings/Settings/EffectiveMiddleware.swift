/// One middleware as it holds for a route: whether it runs, and every setting with where it comes from.
package struct EffectiveMiddleware: Sendable {
    package let name: String
    package let isEnabled: Bool
    /// All settings; a table.
    package let settings: SettingNode
    /// The last of the route's policies that has a table of this middleware.
    package var policy: String?
    /// The keys that a policy or the route itself sets, beyond what holds for all routes.
    package var routeKeys: Set<String> = []
    /// The tables that were laid over the defaults, the last one on top.
    package var layers: [Layer] = []

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

    /// What was written of the middleware at one place.
    package struct Layer: Sendable {
        package let place: Place
        package let node: SettingNode
    }

    /// Whose tables they are.
    package enum Place: Hashable, Sendable {
        case common
        case policy(String)
        case route

        /// - Parameter route: the path of the route.
        package func path(of route: SettingPath) -> SettingPath {
            switch self {
            case .common: SettingPath("middleware")
            case .policy(let name): SettingPath("policies") + name
            case .route: route
            }
        }
    }

    /// One setting, with a dotted key where it stands in a nested table.
    package struct Leaf: Sendable {
        package let key: String
        package let value: SettingValue
        package let source: SettingSource
    }

    /// All settings, by key.
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

    /// Where the value that holds was written, or the table that it could stand in.
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

    /// The settings as the middleware's own type.
    package func decode<Config: Decodable>(_ type: Config.Type) throws(ConfigurationErrors) -> Config {
        do {
            return try SettingDecoder.decode(type, from: settings, at: SettingPath(name))
        } catch let error as ConfigurationError {
            throw ConfigurationErrors([error])
        } catch {
            throw ConfigurationErrors([ConfigurationError("\(error)", key: name, at: settings.source.position)])
        }
    }

    /// A mistake that only the middleware itself can find, with the place of the setting.
    /// - Parameter isInName: the place is that of the last key, not of its value.
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
    /// Every setting by key, with its value and source.
    package var leavesJSON: JSONValue {
        let settings = self.leaves.map { leaf -> (String, JSONValue) in
            (leaf.key, ["source": .string("\(leaf.source)"), "value": JSONValue(leaf.value)])
        }
        return .sorted(Dictionary(settings) { first, _ in first })
    }
}
