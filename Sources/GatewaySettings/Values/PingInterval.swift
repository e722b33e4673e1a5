/// How often a silent peer is pinged, or `"off"`.
public enum PingInterval: Hashable, Sendable {
    case off
    case every(TimeSpan)

    /// The interval, or nil for no pings.
    package var interval: TimeSpan? {
        if case .every(let interval) = self { interval } else { nil }
    }
}

extension PingInterval: Setting {
    public static var shape: SettingShape { .string("duration or `\"off\"`", examples: ["30s", "5m", "off"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        if value == .string("off") || value == .boolean(false) {
            self = .off
            return
        }
        let interval: TimeSpan
        do throws(SettingError) {
            interval = try TimeSpan(setting: value)
        } catch {
            throw SettingError(error.problem, suggestion: error.suggestion + ", or \"off\"")
        }
        self = .every(interval)
    }

    public var settingValue: SettingValue {
        switch self {
        case .off: "off"
        case .every(let interval): interval.settingValue
        }
    }
}
