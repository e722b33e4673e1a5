/// What a number of an alert counts, and how people write it.
package enum AlertUnit: String, Codable, Sendable {
    case none, ratio, perSecond, seconds, bytes, cores, days

    /// `5.2 %`, `320 ms`, `1.2 GiB`.
    package func text(_ value: Double) -> String {
        guard value.isFinite else { return "no data" }
        switch self {
        case .none: return Self.rounded(value)
        case .ratio: return "\(Self.rounded(value * 100)) %"
        case .perSecond: return "\(Self.rounded(value))/s"
        case .seconds: return Self.duration(value)
        case .bytes: return Self.size(value)
        case .cores: return "\(Self.rounded(value)) \(Self.rounded(value) == "1" ? "core" : "cores")"
        case .days: return "\(Self.rounded(value)) \(Self.rounded(value) == "1" ? "day" : "days")"
        }
    }

    private static func duration(_ seconds: Double) -> String {
        let size = abs(seconds)
        if size == 0 { return "0 s" }
        if size < 0.9995 { return "\(self.rounded(seconds * 1000)) ms" }
        if size < 120 { return "\(self.rounded(seconds)) s" }
        if size < 7200 { return "\(self.rounded(seconds / 60)) min" }
        return "\(self.rounded(seconds / 3600)) h"
    }

    private static func size(_ bytes: Double) -> String {
        var (value, index) = (bytes, 0)
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while abs(value) >= 1023.95, index < units.count - 1 {
            value /= 1024
            index += 1
        }
        return "\(self.rounded(value)) \(units[index])"
    }

    /// At most three significant digits for small numbers, and whole numbers from 100 on.
    private static func rounded(_ value: Double) -> String {
        let size = abs(value)
        if size >= 1e15 { return String(value) }
        if size >= 99.95 { return String(Int(value.rounded())) }
        // One decimal, or more if that leaves nothing: 0.043 rather than 0.
        var scale = 10.0
        while size > 0, (size * scale).rounded() < 10, scale < 10_000 { scale *= 10 }
        let text = String((value * scale).rounded() / scale)
        return text.hasSuffix(".0") ? (text == "-0.0" ? "0" : String(text.dropLast(2))) : text
    }
}
