/// A number of bytes per unit of time: `"500B/second"`.
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
            throw SettingError("is not a byte rate", suggestion: "write \"\(Self.probable(value))\"")
        }
        self = rate
    }

    public var settingValue: SettingValue { .string("\(bytes)/\(unit.rawValue)") }

    private static func probable(_ value: SettingValue) -> String {
        let text =
            switch value {
            case .string(let text): text
            case .integer(let count) where count >= 0: "\(count)"
            default: ""
            }
        let parts = text.split(separator: "/", maxSplits: 1)
        var size = "500B"
        do throws(SettingError) {
            size = "\(try ByteCount(setting: .string(parts.first.map(String.init) ?? "")))"
        } catch {
            if let literal = error.firstLiteral, parts.first?.first?.isNumber == true {
                size = String(literal.dropFirst().dropLast())
            }
        }
        let unit = parts.dropFirst().first.flatMap { Rate.Unit.meant(by: $0) } ?? .second
        return ByteCount(size) == nil ? "500B/second" : "\(size)/\(unit.rawValue)"
    }

    /// Reads `"500B/second"`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = ByteCount(String(parts[0])),
            let unit = Rate.Unit(rawValue: String(parts[1]))
        else { return nil }
        self.init(bytes, per: unit)
    }
}
