/// The memory that the process may use before it refuses requests, or `""` for no limit.
public enum MemoryLimit: Hashable {
    case none
    case size(ByteCount)

    /// The limit in bytes, or nil if there is none.
    package var bytes: Int? {
        if case .size(let size) = self { size.bytes } else { nil }
    }
}

extension MemoryLimit: Setting {
    public static var shape: SettingShape { .string("size, or empty", examples: ["512MiB", ""]) }

    public init(setting value: SettingValue) throws(SettingError) {
        if value == .string("") {
            self = .none
            return
        }
        let size: ByteCount
        do throws(SettingError) {
            size = try ByteCount(setting: value)
        } catch {
            throw SettingError(error.problem, suggestion: error.suggestion + ", or \"\" for no limit")
        }
        guard size.bytes > 0 else {
            throw SettingError("leaves no memory", suggestion: "write \"512MiB\", or \"\" for no limit")
        }
        self = .size(size)
    }

    public var settingValue: SettingValue {
        switch self {
        case .none: ""
        case .size(let size): size.settingValue
        }
    }
}
