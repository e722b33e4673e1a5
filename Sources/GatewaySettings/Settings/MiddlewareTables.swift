/// The middleware tables of one scope: `[middleware]`, a policy, or a route.
public struct MiddlewareTables: Sendable {
    /// A table or `false` for each configured middleware.
    package var nodes: [String: SettingNode] = [:]

    public init() {}

    /// The settings of one middleware, such as `["limit": "60/minute"]`, or `false` to turn it off.
    public subscript(name: String) -> SettingValue? {
        get { nodes[name]?.value }
        set { nodes[name] = newValue.map { SettingNode($0, source: .code) } }
    }

    /// Sets all settings of a middleware.
    public mutating func set(_ name: String, to config: some Encodable) {
        self[name] = SettingSchema.written(config)
    }
}

extension MiddlewareTables: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, SettingValue)...) {
        for (name, value) in elements { self[name] = value }
    }
}

extension MiddlewareTables: Codable {
    public init(from decoder: any Decoder) throws {
        for (name, value) in try [String: SettingValue](from: decoder) { self[name] = value }
    }

    public func encode(to encoder: any Encoder) throws {
        try nodes.mapValues(\.value).encode(to: encoder)
    }
}
