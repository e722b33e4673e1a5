/// A type that is read from one configuration value: `"250ms"`, `"10MiB"`, `"least_requests"`.
///
/// The type defines what it accepts (``shape``) and describes what is wrong with a rejected value. The reader of the
/// file adds positions and key paths. Conforming types are `Codable` without further code.
public protocol Setting: Codable, Sendable {
    /// What may be written.
    static var shape: SettingShape { get }

    /// Reads a value.
    /// - Throws: ``SettingError`` with a suggestion.
    init(setting value: SettingValue) throws(SettingError)

    /// The value as written in `gateway.toml`.
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

/// What a setting accepts, for the JSON Schema and the reference.
public struct SettingShape: Sendable {
    /// The name in prose: `duration`, `size`.
    public var name: String
    /// Examples of the form.
    public var examples: [String]
    /// The JSON Schema of what may be written.
    package var schema: SettingValue

    /// Returns the shape of a setting that is written as a string.
    public static func string(_ name: String, examples: [String] = []) -> SettingShape {
        var schema: [String: SettingValue] = ["type": "string"]
        if !examples.isEmpty { schema["examples"] = .list(examples.map { .string($0) }) }
        return SettingShape(name: name, examples: examples, schema: .table(schema))
    }

    /// Returns the shape of a setting that is one of a few words.
    public static func choice(_ words: [String]) -> SettingShape {
        SettingShape(
            name: words.map { "`\"\($0)\"`" }.joined(separator: ", "),
            examples: words,
            schema: ["type": "string", "enum": .list(words.map { .string($0) })]
        )
    }

    /// A setting whose JSON Schema is given whole.
    package static func other(_ name: String, schema: SettingValue) -> SettingShape {
        SettingShape(name: name, examples: [], schema: schema)
    }
}

/// The reason why a value was rejected.
public struct SettingError: Error, Hashable, Sendable {
    /// What is wrong: `is not a duration`. It follows the quoted value.
    public var problem: String
    /// What to do: `write "5s"`.
    public var suggestion: String

    public init(_ problem: String, suggestion: String) {
        self.problem = problem
        self.suggestion = suggestion
    }

    /// The first value that the suggestion says to write, as TOML.
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

/// A group of settings that is written as a table. Every setting has a default.
public protocol SettingTable: Codable, Sendable {
    /// The defaults.
    init()
}

/// A group of settings that may also be written as one string.
public protocol SettingTableWithShorthand: SettingTable {
    init(shorthand: String) throws(SettingError)
}
