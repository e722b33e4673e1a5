/// Reads a comparison from the JSON that the admin API returns.
extension ConfigurationComparison: Decodable {
    private struct Values: Decodable {
        let from: SettingValue?
        let to: SettingValue?
    }

    private struct Entries: Decodable {
        struct Entry: Decodable {
            let name: String
            let settings: [String: Values]
        }

        let added: [String]
        let removed: [String]
        let changed: [Entry]

        var named: Named {
            Named(
                added: self.added,
                removed: self.removed,
                changed: self.changed.map {
                    Changed(name: $0.name, settings: ConfigurationComparison.changes($0.settings))
                }
            )
        }
    }

    private enum Key: CodingKey {
        case routes, upstreams, settings
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            routes: try container.decode(Entries.self, forKey: .routes).named,
            upstreams: try container.decode(Entries.self, forKey: .upstreams).named,
            settings: Self.changes(try container.decode([String: Values].self, forKey: .settings))
        )
    }

    private static func changes(_ settings: [String: Values]) -> [SettingChange] {
        settings.sorted { $0.key < $1.key }.map { SettingChange(key: $0.key, from: $0.value.from, to: $0.value.to) }
    }
}
