/// The middleware tables written at one place: under `[middleware]`, one policy, or one route.
public struct MiddlewareTables: Sendable {
    /// A table for each middleware named here, or `false`.
    package var nodes: [String: SettingNode] = [:]

    public init() {}

    /// The settings of one middleware as they would be written: `["limit": "60/minute"]`, or `false` to switch it off.
    public subscript(name: String) -> SettingValue? {
        get { nodes[name]?.value }
        set { nodes[name] = newValue.map { SettingNode($0, source: .code) } }
    }

    /// Writes all settings of a middleware from its configuration.
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
