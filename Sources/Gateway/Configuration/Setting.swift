/// A type that one configuration value becomes: `"250ms"`, `"10MiB"`, `"least_requests"`.
///
/// The type says what it accepts (``shape``) and what is wrong with a value it refuses; positions and key paths are added
/// by whoever reads the file. Conforming types are `Codable` without further code.
public protocol Setting: Codable, Sendable {
    /// What may be written.
    static var shape: SettingShape { get }

    /// Reads the written value.
    /// - Throws: ``SettingError`` which says what to write instead.
    init(setting value: SettingValue) throws(SettingError)

    /// The value as a file would write it.
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
    /// What it is called in prose: `duration`, `size`.
    public var name: String
    /// Text values that show the form.
    public var examples: [String]
    /// The JSON Schema of what may be written.
    package var schema: SettingValue

    /// A setting written as a string.
    public static func string(_ name: String, examples: [String] = []) -> SettingShape {
        var schema: [String: SettingValue] = ["type": "string"]
        if !examples.isEmpty { schema["examples"] = .list(examples.map { .string($0) }) }
        return SettingShape(name: name, examples: examples, schema: .table(schema))
    }

    /// A setting written as one of a few words.
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

/// Why a value was refused.
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

/// A group of settings that is written as a table, and can be made without any.
public protocol SettingTable: Codable, Sendable {
    /// The defaults.
    init()
}

/// A group of settings that may also be written as one string.
public protocol SettingTableWithShorthand: SettingTable {
    init(shorthand: String) throws(SettingError)
}
