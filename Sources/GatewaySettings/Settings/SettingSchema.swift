/// The values that are allowed at one place in the configuration. The schema is found by encoding an instance that
/// holds the defaults, so the Swift types are the only declaration of the file format.
package indirect enum SettingSchema: Sendable {
    case leaf(any Setting.Type)
    /// A fixed set of words, for enumerations that are `Codable` but not a ``Setting``.
    case word([String])
    case table(SettingTableSchema)
    case list(SettingSchema)
    /// A table with arbitrary keys.
    case map(SettingSchema)
    /// Middleware tables.
    case middlewares
    /// A value that only its own decoder can validate.
    case unknown
}

/// The keys that are allowed in a table.
package struct SettingTableSchema: Sendable {
    package struct Field: Sendable {
        package var key: String
        var schema: SettingSchema
        /// The name of the Swift property.
        var property: String
        /// The default; nil if the key may be absent.
        var defaultValue: SettingValue?
    }

    /// The Swift type name without its module: `ServerConfiguration`.
    var typeName: String
    /// The fields, in declaration order.
    var fields: [Field]
    /// The type, if the table may also be written as a single string.
    var shorthand: (any SettingTableWithShorthand.Type)?
    /// Whether middleware names are also accepted as keys.
    var takesMiddlewares = false
    /// The descriptions of the fields, by property name.
    var descriptions: [String: String] = [:]

    /// Returns the field with a key.
    package func field(_ key: String) -> Field? { fields.first { $0.key == key } }
}

extension SettingSchema {
    /// Returns the schema of a table, derived from an instance with its defaults.
    package static func of(_ defaults: some Encodable) -> SettingTableSchema {
        if case .table(let table)? = SettingSchemaRecorder.describe(type(of: defaults), defaults)?.schema {
            return table
        }
        return SettingTableSchema(typeName: "", fields: [])
    }

    /// Returns the complete value as it would be written in a file.
    package static func written(_ value: some Encodable) -> SettingValue {
        SettingSchemaRecorder.describe(type(of: value), value)?.value ?? .table([:])
    }
}

/// Converts property names to TOML keys.
enum SettingKey {
    /// Returns the key of a property: `keepAlive` → `keep_alive`, `maxTTL` → `max_ttl`.
    static func snakeCase(_ name: String) -> String {
        guard name.utf8.contains(where: { (0x41...0x5A).contains($0) }) else { return name }
        var out: [UInt8] = []
        let bytes = Array(name.utf8)
        for (index, byte) in bytes.enumerated() {
            guard (0x41...0x5A).contains(byte) else {
                out.append(byte)
                continue
            }
            let followsCapital = index > 0 && (0x41...0x5A).contains(bytes[index - 1])
            let precedesSmall = index + 1 < bytes.count && (0x61...0x7A).contains(bytes[index + 1])
            if index > 0, out.last != 0x5F, !followsCapital || precedesSmall { out.append(0x5F) }
            out.append(byte | 0x20)
        }
        return String(decoding: out, as: UTF8.self)
    }
}
