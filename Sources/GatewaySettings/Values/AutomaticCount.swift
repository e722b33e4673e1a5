import GatewayHTTP

/// A count, or `"auto"` to let the gateway choose.
public enum AutomaticCount: Hashable {
    case auto
    /// At least 1.
    case count(Int)

    /// The count; nil for `auto`.
    package var number: Int? { if case .count(let count) = self { count } else { nil } }
}

/// The number of event loops. `"auto"` is one per core.
public typealias Workers = AutomaticCount

/// The maximum number of client connections. `"auto"` is derived from the limit on file descriptors.
public typealias ConnectionLimit = AutomaticCount

extension AutomaticCount: Setting {
    public static var shape: SettingShape {
        .other(
            "integer or `\"auto\"`",
            schema: ["anyOf": [["type": "integer", "minimum": 1], ["type": "string", "enum": ["auto"]]]]
        )
    }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .string("auto"): self = .auto
        case .integer(let count) where count > 0: self = .count(count)
        case .string(let text) where Int(digits: text).map { $0 > 0 } == true:
            throw SettingError("is not a count", suggestion: "write \(text), or \"auto\"")
        default: throw SettingError("is not a count", suggestion: "write \"auto\", or a whole number from 1")
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .auto: "auto"
        case .count(let count): .integer(count)
        }
    }
}
