/// A configuration value before it is converted to a specific type.
public enum SettingValue: Hashable, Sendable {
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    /// A TOML date or time, as written.
    case date(String)
    case list([SettingValue])
    case table([String: SettingValue])
}

extension SettingValue {
    /// The name of the value's type in error messages.
    var kindName: String {
        switch self {
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .date: "a date"
        case .list: "a list"
        case .table: "a table"
        }
    }

    /// The value as error messages and `explain` quote it: TOML on one line.
    package var quoted: String {
        switch self {
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .string(let value): JSONText.quoted(value)
        case .date(let value): value
        case .list(let values): "[" + values.map(\.quoted).joined(separator: ", ") + "]"
        case .table(let entries) where entries.isEmpty: "{}"
        case .table(let entries):
            "{ "
                + entries.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value.quoted)" }.joined(separator: ", ")
                + " }"
        }
    }
}

extension SettingValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(arrayLiteral elements: SettingValue...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, SettingValue)...) {
        self = .table(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

extension SettingValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([SettingValue].self) {
            self = .list(value)
        } else {
            self = .table(try container.decode([String: SettingValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value), .date(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .table(let entries): try container.encode(entries)
        }
    }
}
