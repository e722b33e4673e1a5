import GatewayHTTP

/// Numbers of conditions, with the units of durations and sizes, and percent.
enum AlertQuantity {
    /// Returns the number in base units: seconds, bytes, or a share of one.
    static func value(of text: String) -> Double? {
        if let span = TimeSpan(text) { return span.seconds }
        if let size = ByteCount(text) { return Double(size.bytes) }
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let number = self.decimal(digits), let unit = self.units[String(text.dropFirst(digits.count))] else {
            return nil
        }
        return number * unit
    }

    /// Only what people write: `Double` also reads `1e5`, `0x10` and `.`.
    private static func decimal(_ text: Substring) -> Double? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 32, parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }),
            text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) })
        else { return nil }
        return Double(text)
    }

    private static let units: [String: Double] = [
        "": 1, "%": 0.01,
        "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400,
        "B": 1, "KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "TiB": 0x1p40,
        "KB": 1e3, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
    ]

    /// Returns how to write the number that was probably meant.
    static func suggestion(for text: String) -> String {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let others = "write a number such as 0.05, 5%, 200ms or 1GiB"
        let plain = text.filter { $0 != "_" }
        if plain != text, self.value(of: plain) != nil { return "write \(plain)" }
        guard self.decimal(digits) != nil else { return others }
        let unit = text.dropFirst(digits.count)
        // The same letters in another case: `1gib`, `5S`.
        let alike = self.units.keys.filter { $0.lowercased() == unit.lowercased() }.sorted()
        if let first = alike.first { return "write \(digits)\(first)" }
        switch unit.lowercased() {
        case "sec", "secs", "second", "seconds": return "write \(digits)s"
        case "msec", "millis", "milliseconds": return "write \(digits)ms"
        case "min", "mins", "minute", "minutes": return "write \(digits)m"
        case "hour", "hours": return "write \(digits)h"
        case "day", "days": return "write \(digits)d"
        case "k": return "write \(digits)KiB, or the whole number"
        case "mi", "m": return "write \(digits)MiB"
        case "g", "gi": return "write \(digits)GiB"
        case "percent": return "write \(digits)%"
        default: return others
        }
    }
}
