/// Whether requests to an upstream use HTTP/2: `"auto"`, `true` or `false`.
public enum UpstreamHTTP2: Hashable {
    /// If an https target offers it.
    case auto
    /// Always. A target without it fails the request.
    case always
    case never
}

extension UpstreamHTTP2: Setting {
    public static var shape: SettingShape {
        .other("boolean or `\"auto\"`", schema: ["enum": ["auto", true, false]])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .string("auto"): self = .auto
        case .boolean(let use): self = use ? .always : .never
        default: throw SettingError("is not allowed here", suggestion: "write \"auto\", true or false")
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .auto: "auto"
        case .always: true
        case .never: false
        }
    }
}
