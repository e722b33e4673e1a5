/// `[log]`: what is logged, how, and where.
public struct LogConfiguration: SettingTable {
    /// The least severe messages that are logged.
    public var level = LogLevel.info
    /// `auto` is text on a terminal, JSON elsewhere. `combined` writes the access log as Apache and nginx do.
    public var format = LogFormat.auto
    /// Where the access log goes, one line per request. A relative path starts from the folder of the configuration file.
    public var access = AccessLogTarget.stdout
    /// A slower request is logged as a warning. Of event streams, WebSockets and gRPC streams, the time to the first byte
    /// counts.
    public var slowRequest = TimeLimit.seconds(1)

    public init() {}
}

/// The severity of a log message.
public enum LogLevel: String, SettingChoice {
    case trace, debug, info, notice, warning, error, critical
}

/// The format of log lines.
public enum LogFormat: String, SettingChoice {
    case auto, json, text, combined
}

/// Where the access log goes: `"off"`, `"stdout"`, or the path of a file.
public enum AccessLogTarget: Hashable {
    case off
    case stdout
    case file(path: String)
}

extension AccessLogTarget: Setting {
    public static var shape: SettingShape {
        .string("`\"off\"`, `\"stdout\"` or a file", examples: ["stdout", "off", "/var/log/gateway/access.log"])
    }

    public init(setting value: SettingValue) throws(SettingError) {
        switch value {
        case .string("off"), .boolean(false): self = .off
        case .string("stdout"): self = .stdout
        case .string(let path) where !path.isEmpty: self = .file(path: path)
        default:
            throw SettingError("is not a log target", suggestion: "write \"stdout\", \"off\", or the path of a file")
        }
    }

    public var settingValue: SettingValue {
        switch self {
        case .off: "off"
        case .stdout: "stdout"
        case .file(let path): .string(path)
        }
    }
}
