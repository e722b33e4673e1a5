/// Whether requests to an upstream use HTTP/2: `"auto"`, `true` or `false`.
public enum UpstreamHTTP2: Hashable {
    /// If an https target offers it.
    case auto
    /// Always. A target without it fails the request.
    case always
    case never
}

extension UpstreamHTTP2: Setting {
    public static var shape: SettingShape { AutomaticBoolean.shape }

    public init(setting value: SettingValue) throws(SettingError) {
        self =
            switch try AutomaticBoolean.read(value) {
            case nil: .auto
            case true?: .always
            case false?: .never
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
