/// A duration after which something happens, or `"off"` for never.
public enum TimeLimit: Hashable {
    case off
    case after(TimeSpan)

    public static func seconds(_ count: Int64) -> TimeLimit { .after(.seconds(count)) }
    public static func milliseconds(_ count: Int64) -> TimeLimit { .after(.milliseconds(count)) }

    /// The duration, or nil if the limit is off.
    public var span: TimeSpan? {
        if case .after(let span) = self { span } else { nil }
    }
}

extension TimeLimit: Setting {
    public static var shape: SettingShape { .string("duration or `\"off\"`", examples: ["5s", "off"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        if value == .string("off") {
            self = .off
            return
        }
        do {
            self = .after(try TimeSpan(setting: value))
        } catch {
            throw SettingError(error.problem, suggestion: error.suggestion + ", or \"off\"")
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .off: "off"
        case .after(let span): span.settingValue
        }
    }
}
