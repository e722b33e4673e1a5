/// A duration of at least zero: `"250ms"`, `"5s"`, `"1m30s"`. The maximum is 2^63 − 1 ns, nearly 300 years.
public struct TimeSpan: Hashable, Comparable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = TimeSpan(nanoseconds: 0)
    public static func nanoseconds(_ count: Int64) -> TimeSpan { TimeSpan(nanoseconds: count) }
    public static func microseconds(_ count: Int64) -> TimeSpan { TimeSpan(count, times: 1_000) }
    public static func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(count, times: 1_000_000) }
    public static func seconds(_ count: Int64) -> TimeSpan { TimeSpan(count, times: 1_000_000_000) }
    public static func minutes(_ count: Int64) -> TimeSpan { TimeSpan(count, times: 60_000_000_000) }
    public static func hours(_ count: Int64) -> TimeSpan { TimeSpan(count, times: 3_600_000_000_000) }

    private init(_ count: Int64, times unit: Int64) {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        self.init(nanoseconds: overflow ? (count < 0 ? .min : .max) : product)
    }

    /// The duration in seconds.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.nanoseconds < b.nanoseconds }
}

extension TimeSpan: Setting {
    public static var shape: SettingShape { .string("duration", examples: ["250ms", "5s", "2m", "1h"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            if case .integer(let count) = value, count >= 0 {
                throw SettingError("is not a duration", suggestion: "write \"\(count)s\" or \"\(count)ms\"")
            }
            throw SettingError("is not a duration", suggestion: "write \"5s\" or \"250ms\"")
        }
        guard let span = TimeSpan(text) else {
            if let count = Int64(text), count >= 0 {
                throw SettingError("has no unit", suggestion: "write \"\(count)s\" or \"\(count)ms\"")
            }
            throw SettingError("is not a duration", suggestion: "write \(Self.probable(text))")
        }
        self = span
    }

    public var settingValue: SettingValue { .string(description) }

    /// Returns the duration that was probably meant by `"10 s"`, `"5 seconds"` or `"1.5s"`.
    private static func probable(_ text: String) -> String {
        let plain = text.lowercased().filter { $0 != " " && $0 != "_" }
        let number = plain.prefix { $0.isNumber || $0 == "." }
        let unit: String? =
            switch plain.dropFirst(number.count) {
            case "ms", "msec", "millisecond", "milliseconds": "ms"
            case "s", "sec", "secs", "second", "seconds": "s"
            case "m", "min", "mins", "minute", "minutes": "m"
            case "h", "hr", "hrs", "hour", "hours": "h"
            case "d", "day", "days": "d"
            default: nil
            }
        guard let unit, let length = units[unit] else { return "\"5s\", \"250ms\" or \"1m30s\"" }
        if TimeSpan("\(number)\(unit)") != nil { return "\"\(number)\(unit)\"" }
        guard let count = Double(number), count * Double(length) < 9e18 else { return "\"5s\", \"250ms\" or \"1m30s\"" }
        return "\"\(TimeSpan(nanoseconds: Int64(count * Double(length))))\""
    }

    /// Reads `"1m30s"`: whole numbers with units, larger units first.
    public init?(_ text: String) {
        var total: Int64 = 0
        var rest = text.utf8[...]
        var lastUnit = Int64.max
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            let letters = rest.dropFirst(digits.count).prefix { !(0x30...0x39).contains($0) }
            guard let count = Int64(Substring(digits)), let unit = Self.units[String(Substring(letters))],
                unit < lastUnit
            else { return nil }
            let (product, tooLong) = count.multipliedReportingOverflow(by: unit)
            let (sum, tooLongTogether) = total.addingReportingOverflow(product)
            if tooLong || tooLongTogether { return nil }
            total = sum
            lastUnit = unit
            rest = rest.dropFirst(digits.count + letters.count)
        }
        self.init(nanoseconds: total)
    }

    private static let units: [String: Int64] = [
        "ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
        "d": 86_400_000_000_000,
    ]
}

extension TimeSpan: CustomStringConvertible {
    /// The form used in `gateway.toml`, in the largest unit that leaves no remainder.
    public var description: String {
        let units: [(String, Int64)] = [
            ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000),
        ]
        for (name, length) in units where nanoseconds % length == 0 && nanoseconds > 0 {
            return "\(nanoseconds / length)\(name)"
        }
        return nanoseconds == 0 ? "0s" : "\(nanoseconds)ns"
    }
}
