import GatewayHTTP

/// A number of requests per unit of time: `"60/minute"`.
public struct Rate: Hashable {
    /// A unit of time.
    public enum Unit: String, CaseIterable, Sendable {
        case second, minute, hour, day

        /// The length of one unit.
        public var span: TimeSpan {
            switch self {
            case .second: .seconds(1)
            case .minute: .minutes(1)
            case .hour: .hours(1)
            case .day: .hours(24)
            }
        }
    }

    /// At least 1.
    public var count: Int
    public var unit: Unit

    public init(_ count: Int, per unit: Unit) {
        self.count = count
        self.unit = unit
    }
}

extension Rate: Setting {
    public static var shape: SettingShape { .string("rate", examples: ["60/minute", "10/second", "1000/hour"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            if case .integer(let count) = value, count > 0 {
                throw SettingError("is not a rate", suggestion: "write \"\(count)/minute\"")
            }
            throw SettingError("is not a rate", suggestion: "write \"60/minute\"")
        }
        guard let rate = Rate(text) else {
            throw SettingError("is not a rate", suggestion: "write \"\(Self.probable(text))\"")
        }
        self = rate
    }

    public var settingValue: SettingValue { .string(description) }

    /// Reads `"60/minute"`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(digits: parts[0]), count > 0,
            let unit = Unit(rawValue: String(parts[1]))
        else { return nil }
        self.init(count, per: unit)
    }

    /// Returns the rate that was probably meant by `"5 per minute"`, `"100rps"` or `"60/min"`. The number is always
    /// kept.
    private static func probable(_ text: String) -> String {
        let digits = text.drop { !$0.isNumber }.prefix { $0.isNumber || $0 == "_" || $0 == "," }
        let count = Int(digits.filter(\.isNumber)) ?? (digits.isEmpty ? 60 : maximum)
        let words = text.lowercased().split { !$0.isLetter }
        let unit = words.reversed().lazy.compactMap { Unit.meant(by: $0) }.first
        return Rate(min(max(1, count), maximum), per: unit ?? .minute).description
    }

    /// The largest count that any limit supports.
    private static let maximum = 1_000_000_000
}

extension Rate.Unit {
    /// Returns the unit that an abbreviation or plural means.
    static func meant(by word: some StringProtocol) -> Rate.Unit? {
        switch word.lowercased().filter(\.isLetter) {
        case "s", "sec", "secs", "second", "seconds", "rps", "qps": .second
        case "m", "min", "mins", "minute", "minutes", "rpm": .minute
        case "h", "hr", "hrs", "hour", "hours", "rph": .hour
        case "d", "day", "days", "rpd": .day
        default: nil
        }
    }
}

extension Rate: CustomStringConvertible {
    /// The form used in `gateway.toml`.
    public var description: String { "\(count)/\(unit.rawValue)" }
}
