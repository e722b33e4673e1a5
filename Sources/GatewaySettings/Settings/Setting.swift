/// A type that is read from a single configuration value, such as `"250ms"`, `"10MiB"` or `"least_requests"`.
///
/// The type defines what it accepts (``shape``) and explains why it rejects a value. The configuration reader adds
/// positions and key paths. Conforming types get their `Codable` implementation for free.
public protocol Setting: Codable, Sendable {
    /// The values that the setting accepts.
    static var shape: SettingShape { get }

    /// Creates a setting from a value.
    ///
    /// - Throws: ``SettingError`` with a suggestion.
    init(setting value: SettingValue) throws(SettingError)

    /// The value as it is written in `gateway.toml`.
    var settingValue: SettingValue { get }
}

extension Setting {
    public init(from decoder: any Decoder) throws {
        try self.init(setting: SettingValue(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
        try settingValue.encode(to: encoder)
    }
}

/// The values that a setting accepts, for the JSON Schema and the reference.
public struct SettingShape: Sendable {
    /// The name used in prose, such as `duration` or `size`.
    public var name: String
    /// Example values.
    public var examples: [String]
    /// The JSON Schema of the accepted values.
    package var schema: SettingValue

    /// Returns the shape of a setting that is written as a string.
    public static func string(_ name: String, examples: [String] = []) -> SettingShape {
        var schema: [String: SettingValue] = ["type": "string"]
        if !examples.isEmpty { schema["examples"] = .list(examples.map { .string($0) }) }
        return SettingShape(name: name, examples: examples, schema: .table(schema))
    }

    /// Returns the shape of a setting that accepts a fixed set of words.
    public static func choice(_ words: [String]) -> SettingShape {
        SettingShape(
            name: words.map { "`\"\($0)\"`" }.joined(separator: ", "),
            examples: words,
            schema: ["type": "string", "enum": .list(words.map { .string($0) })]
        )
    }

    /// Returns the shape of a setting with an explicit JSON Schema.
    package static func other(_ name: String, schema: SettingValue) -> SettingShape {
        SettingShape(name: name, examples: [], schema: schema)
    }
}

/// The reason why a setting rejected a value.
public struct SettingError: Error, Hashable, Sendable {
    /// What is wrong, to follow the quoted value: `is not a duration`.
    public var problem: String
    /// How to fix it: `write "5s"`.
    public var suggestion: String

    public init(_ problem: String, suggestion: String) {
        self.problem = problem
        self.suggestion = suggestion
    }

    /// The first value that the suggestion says to write, as a TOML literal.
    var firstLiteral: String? {
        guard self.suggestion.hasPrefix("write \"") else { return nil }
        let text = self.suggestion.dropFirst("write ".count)
        var isEscaped = false
        for index in text.indices.dropFirst() {
            if text[index] == "\"", !isEscaped { return String(text[...index]) }
            isEscaped = text[index] == "\\" && !isEscaped
        }
        return nil
    }
}

/// A group of settings that is written as a table. Every setting must have a default.
public protocol SettingTable: Codable, Sendable {
    /// Creates the settings with their defaults.
    init()
}

/// A group of settings that may also be written as a single string.
public protocol SettingTableWithShorthand: SettingTable {
    init(shorthand: String) throws(SettingError)
}
