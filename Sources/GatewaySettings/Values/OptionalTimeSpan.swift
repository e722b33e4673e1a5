/// A duration, or `""` for none.
public enum OptionalTimeSpan: Hashable {
    case none
    case span(TimeSpan)

    /// The duration, or nil if there is none.
    public var span: TimeSpan? {
        if case .span(let span) = self { span } else { nil }
    }
}

extension OptionalTimeSpan: Setting {
    public static var shape: SettingShape { .string("duration, or empty", examples: ["30s", "5m", ""]) }

    public init(setting value: SettingValue) throws(SettingError) {
        if value == .string("") {
            self = .none
            return
        }
        do throws(SettingError) {
            self = .span(try TimeSpan(setting: value))
        } catch {
            throw SettingError(error.problem, suggestion: error.suggestion + ", or \"\" for none")
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .none: ""
        case .span(let span): span.settingValue
        }
    }
}
