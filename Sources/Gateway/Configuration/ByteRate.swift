/// How many bytes must or may pass in a unit of time: `"500B/second"`.
public struct ByteRate: Hashable {
    public var bytes: ByteCount
    public var unit: Rate.Unit

    public init(_ bytes: ByteCount, per unit: Rate.Unit) {
        self.bytes = bytes
        self.unit = unit
    }

    public var bytesPerSecond: Double { Double(bytes.bytes) / unit.span.seconds }
}

extension ByteRate: Setting {
    public static var shape: SettingShape { .string("byte rate", examples: ["500B/second", "1MiB/minute"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value, let rate = ByteRate(text) else {
            throw SettingError("is not a byte rate", suggestion: "write \"500B/second\"")
        }
        self = rate
    }

    public var settingValue: SettingValue { .string("\(bytes)/\(unit.rawValue)") }

    /// Reads `"500B/second"`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = ByteCount(String(parts[0])),
            let unit = Rate.Unit(rawValue: String(parts[1]))
        else { return nil }
        self.init(bytes, per: unit)
    }
}
