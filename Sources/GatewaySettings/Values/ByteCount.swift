/// A number of bytes, at least zero: `"500B"`, `"16KiB"`, `"10MiB"`. The largest is 2^63 − 1.
public struct ByteCount: Hashable, Comparable {
    public var bytes: Int

    public init(bytes: Int) { self.bytes = bytes }

    public static func bytes(_ count: Int) -> ByteCount { ByteCount(bytes: count) }
    public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 10) }
    public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 20) }
    public static func gibibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 30) }

    private init(_ count: Int, times unit: Int) {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        self.init(bytes: overflow ? (count < 0 ? .min : .max) : product)
    }

    public static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }
}

extension ByteCount: Setting {
    public static var shape: SettingShape { .string("size", examples: ["500B", "16KiB", "10MiB"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            if case .integer(let count) = value, count >= 0 {
                throw SettingError("is not a size", suggestion: "write \"\(count)B\"")
            }
            throw SettingError("is not a size", suggestion: "write \"16KiB\"")
        }
        guard let count = ByteCount(text) else {
            if Self.isTooLarge(text) {
                throw SettingError("is too large", suggestion: "write \"\(Int.max >> 40)TiB\" or less")
            }
            throw SettingError("is not a size", suggestion: Self.hint(text))
        }
        self = count
    }

    public var settingValue: SettingValue { .string(description) }

    /// Reads `"16KiB"`: a whole number and one of B, KiB, MiB, GiB, TiB, or KB, MB, GB, TB (powers of 1,000).
    public init?(_ text: String) {
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        guard let count = Int(Substring(digits)),
            let unit = Self.units[String(Substring(text.utf8.dropFirst(digits.count)))]
        else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
        if overflow { return nil }
        self.init(bytes: bytes)
    }

    /// Whether the format is valid and only the number is too large.
    private static func isTooLarge(_ text: String) -> Bool {
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        return !digits.isEmpty && Self.units[String(Substring(text.utf8.dropFirst(digits.count)))] != nil
    }

    /// Returns a suggestion for the value that was probably meant.
    private static func hint(_ text: String) -> String {
        let digits = String(Substring(text.utf8.prefix { (0x30...0x39).contains($0) }))
        let unit = text.dropFirst(digits.count).filter { $0 != " " }.lowercased()
        guard Int(digits) != nil else { return "write \"16KiB\"" }
        switch unit {
        case "", "b", "byte", "bytes": return "write \"\(digits)B\""
        case "k", "kb", "ki", "kib": return "write \"\(digits)KiB\""
        case "m", "mb", "mi", "mib": return "write \"\(digits)MiB\""
        case "g", "gb", "gi", "gib": return "write \"\(digits)GiB\""
        case "t", "tb", "ti", "tib": return "write \"\(digits)TiB\""
        default: return "write \"16KiB\""
        }
    }

    private static let units: [String: Int] = [
        "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
        "KB": 1_000, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
    ]
}

extension ByteCount: CustomStringConvertible {
    /// The form used in `gateway.toml`.
    public var description: String {
        for (name, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)]
        where bytes > 0 && bytes & ((1 << shift) - 1) == 0 {
            return "\(bytes >> shift)\(name)"
        }
        return "\(bytes)B"
    }
}
