/// What may be written at one place, found by encoding an instance that holds the defaults: the Swift types are the only
/// declaration of the file's format.
package indirect enum SettingSchema: Sendable {
    case leaf(any Setting.Type)
    /// One of a few words, for enumerations that are `Codable` but no ``Setting``.
    case word([String])
    case table(SettingTableSchema)
    case list(SettingSchema)
    /// A table whose keys are free.
    case map(SettingSchema)
    /// Tables of middlewares.
    case middlewares
    /// Something that only its own decoding can judge.
    case unknown
}

/// What may be written in one table.
package struct SettingTableSchema: Sendable {
    package struct Field: Sendable {
        package var key: String
        package var schema: SettingSchema
        /// The name of the property.
        package var property: String
        /// `nil` where the key may be absent.
        package var defaultValue: SettingValue?
    }

    /// The Swift type without its module: `ServerConfiguration`.
    package var typeName: String
    /// In the order of the declaration.
    package var fields: [Field]
    /// The type, where the table may also be written as one string.
    package var shorthand: (any SettingTableWithShorthand.Type)?
    /// Whether the names of middlewares are keys too.
    package var takesMiddlewares = false
    /// The descriptions of the fields, by the names of their properties.
    package var descriptions: [String: String] = [:]

    /// The field of that key.
    package func field(_ key: String) -> Field? { fields.first { $0.key == key } }
}

extension SettingSchema {
    /// The schema of a table from an instance with its defaults.
    package static func of(_ defaults: some Encodable) -> SettingTableSchema {
        if case .table(let table)? = SettingSchemaRecorder.describe(type(of: defaults), defaults)?.schema {
            return table
        }
        return SettingTableSchema(typeName: "", fields: [])
    }

    /// The value as a file would write it in full.
    package static func written(_ value: some Encodable) -> SettingValue {
        SettingSchemaRecorder.describe(type(of: value), value)?.value ?? .table([:])
    }
}

/// The TOML key of a property.
enum SettingKey {
    /// `keepAlive` → `keep_alive`, `maxTTL` → `max_ttl`.
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
