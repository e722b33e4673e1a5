import GatewayHTTP
import NIOCore

/// What Sentry refuses for a while: `X-Sentry-Rate-Limits` and `Retry-After`.
struct SentryLimits {
    /// A kind of data that is limited on its own.
    enum Category: String, CaseIterable, Sendable {
        case error, transaction
    }

    /// For a 429 that does not say for how long.
    private static let usual: Int64 = 60
    /// Nothing is refused for longer, in seconds.
    private static let longest: Int64 = 30 * 86_400

    private var until: [Category: NIODeadline] = [:]

    func isLimited(_ category: Category, at now: NIODeadline) -> Bool {
        self.until[category].map { now < $0 } ?? false
    }

    /// Reads the fields of a response.
    ///
    /// - Parameters:
    ///   - limits: The values of `X-Sentry-Rate-Limits`. They apply with any status.
    ///   - retryAfter: The value of `Retry-After`, which applies to a 429 without limits.
    ///   - time: Seconds since 1970.
    mutating func received(
        status: Int,
        limits: [String],
        retryAfter: String?,
        at now: NIODeadline,
        time: Int64
    ) {
        let limits = limits.joined(separator: ",").split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
        for limit in limits { self.read(limit, at: now) }
        guard status == 429, limits.isEmpty else { return }
        self.limit(Category.allCases, for: retryAfter.flatMap { Self.seconds($0, time: time) } ?? Self.usual, at: now)
    }

    /// Reads `60:error;default:key`: seconds, categories (all if there are none), and further parts that have no meaning
    /// here.
    private mutating func read(_ limit: Substring, at now: NIODeadline) {
        let parts = limit.split(separator: ":", omittingEmptySubsequences: false)
        let seconds = Self.seconds(String(parts[0].trimmed)) ?? Self.usual
        let names = parts.count > 1 ? parts[1].split(separator: ";").map { $0.trimmed.lowercased() } : []
        let categories = Category.allCases.filter { names.isEmpty || names.contains($0.rawValue) }
        self.limit(categories, for: seconds, at: now)
    }

    private mutating func limit(_ categories: [Category], for seconds: Int64, at now: NIODeadline) {
        for category in categories {
            self.until[category] = max(self.until[category] ?? now, now + .seconds(seconds))
        }
    }

    /// Reads a number of seconds, possibly with a fraction, which is rounded up.
    private static func seconds(_ text: String) -> Int64? {
        guard let number = Double(text), number.isFinite, number >= 0 else { return nil }
        return Int64(min(number, Double(Self.longest)).rounded(.up))
    }

    /// Reads `Retry-After`: a number or a date.
    private static func seconds(_ text: String, time: Int64) -> Int64? {
        if let seconds = Self.seconds(text) { return seconds }
        let date = Array(text.utf8).withUnsafeBytes { HTTPDate.seconds($0, now: time) }
        return date.map { min(max($0 - time, 0), Self.longest) }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let blanks: Set<Character> = [" ", "\t"]
        var text = self.drop { blanks.contains($0) }
        while let last = text.last, blanks.contains(last) { text.removeLast() }
        return text
    }
}
