/// The response fields that pages of other origins may read: `"auto"` or a list of names.
public enum ExposedFields: Hashable {
    /// Those that the gateway sends on the route.
    case auto
    case list([String])
}

extension ExposedFields: Setting {
    public static var shape: SettingShape {
        .other(
            "`\"auto\"` or list of field names",
            schema: ["anyOf": [["enum": ["auto"]], ["type": "array", "items": ["type": "string"]]]]
        )
    }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .string("auto"): self = .auto
        case .string(let name):
            throw SettingError("is not a list", suggestion: "write \"auto\" or [\(SettingValue.string(name).quoted)]")
        case .list(let values):
            var names: [String] = []
            for value in values {
                guard case .string(let name) = value else {
                    throw SettingError("has \(value.quoted), which is not a name", suggestion: "write \"auto\"")
                }
                names.append(name)
            }
            self = .list(names)
        default: throw SettingError("is not a list of names", suggestion: "write \"auto\" or [\"X-Total-Count\"]")
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .auto: "auto"
        case .list(let names): .list(names.map { .string($0) })
        }
    }
}
